import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import type { SignUpRequest } from '../../src/admission/sign-up-requests.store.ts';
import { askToJoin } from '../../src/admission/sign-up-requests.ts';
import type { FoundTenant } from '../../src/tenants/find.ts';
import { useTerminal } from './terminal.ts';

describe('sign-ups', () => {
  const terminal = useTerminal();

  async function ask(tenantId: string, person: { email: string | null; way: string }) {
    await terminal.db.transaction((tx) =>
      askToJoin(tx, { tenantId, subject: `${person.email}`, name: null, locale: 'de', ...person }),
    );
  }

  test('a tenant is told to approve of newcomers, and to stop', async () => {
    const add = ['tenants', 'add', '--slug', 'acme', '--name', 'Acme'];
    const added = await terminal.json<FoundTenant>(...add, '--sign-up-approval', 'on');
    assert.equal(added.signUpApproval, true);
    const change = ['tenants', 'set', 'acme'];
    const same = await terminal.json<FoundTenant>(...change, '--name', 'Acme Chat');
    assert.equal(same.signUpApproval, true);
    const off = await terminal.json<FoundTenant>(...change, '--sign-up-approval', 'off');
    assert.equal(off.signUpApproval, false);
  });

  test('requests are listed by tenant and state, answered, and answered otherwise', async () => {
    const tenant = await terminal.json<FoundTenant>(
      ...['tenants', 'add', '--slug', 'lab', '--name', 'Lab', '--sign-up-approval', 'on'],
    );
    await ask(tenant.id, { email: 'ada@example.org', way: 'email' });
    await ask(tenant.id, { email: null, way: 'bluesky' });
    const list = (...args: string[]) =>
      terminal.json<SignUpRequest[]>('sign-ups', 'list', '--tenant', 'lab', ...args);
    const [ada, other] = await list('--state', 'waiting');
    assert.deepEqual([ada?.email, other?.way], ['ada@example.org', 'bluesky']);
    const approved = await terminal.json<{ state: string; mailed: boolean }>(
      ...['sign-ups', 'approve', ada?.id ?? ''],
    );
    assert.deepEqual([approved.state, approved.mailed], ['approved', true]);
    const refused = await terminal.json<{ state: string; mailed: boolean }>(
      ...['sign-ups', 'refuse', other?.id ?? ''],
    );
    assert.deepEqual([refused.state, refused.mailed], ['refused', false]);
    assert.deepEqual(await list('--state', 'waiting'), []);
    await terminal.json('sign-ups', 'refuse', ada?.id ?? '');
    assert.deepEqual(await terminal.audited(ada?.id), ['sign_up.approved', 'sign_up.refused']);
    const mails = await terminal.db.query<{ template: string }>(
      'select template from mails order by created_at',
    );
    assert.deepEqual(
      mails.map(({ template }) => template),
      ['sign-up-approved', 'sign-up-refused'],
    );
  });

  test('one that is unknown or over is answered by nobody', async () => {
    const failure = await terminal.failure(['sign-ups', 'approve', 'x']);
    assert.deepEqual([failure.code, failure.exit], ['sign_up_request_not_found', 1]);
    const [request] = await terminal.json<SignUpRequest[]>('sign-ups', 'list');
    await terminal.db.query('update sign_up_requests set expires_at = now()');
    const over = await terminal.failure(['sign-ups', 'approve', request?.id ?? '']);
    assert.equal(over.code, 'sign_up_request_not_found');
  });
});
