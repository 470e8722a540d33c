import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import type { MadeInvitation } from '../../src/admission/add-invitation.ts';
import type { FoundInvitation } from '../../src/admission/find-invitation.ts';
import { useTerminal } from './terminal.ts';

describe('invitations', () => {
  const terminal = useTerminal();
  const add = (...args: string[]) => terminal.json<MadeInvitation>('invitations', 'add', ...args);

  test('one is made with a link that is told once', async () => {
    await terminal.json(
      'tenants',
      'add',
      '--slug',
      'acme',
      '--name',
      'Acme',
      '--sign-up',
      'closed',
    );
    const made = await add('--tenant', 'acme', '--uses', '20', '--expires', '12h');
    assert.partialDeepStrictEqual(made, {
      ...{ tenant: 'acme', state: 'open', uses: 20, usesLeft: 20 },
      ...{ email: null, handle: null, createdBy: 'operator', mailed: false },
    });
    const hours = (Date.parse(`${made.expiresAt}`) - Date.parse(`${made.createdAt}`)) / 3_600_000;
    assert.equal(Math.round(hours), 12);
    const token = new URL(made.link).searchParams.get('token') ?? '';
    assert.match(token, /^[\w-]{43}$/);
    const shown = await terminal.run(['invitations', 'show', made.id]);
    assert.match(shown.stdout, /20 of 20/);
    const listed = await terminal.run(['invitations', 'list', '--tenant', 'acme', '--json']);
    assert.match(listed.stdout, new RegExp(made.id));
    for (const { stdout, stderr } of [shown, listed]) assert.ok(!(stdout + stderr).includes(token));
    assert.deepEqual(await terminal.audited(made.id), ['invitation.created']);
    const [kept] = await terminal.db.query<{ text: string }>(
      `select (select json_agg(i)::text from invitations i)
        || (select json_agg(a)::text from audit a) as text`,
    );
    assert.ok(!kept?.text.includes(token), 'a thief of the database has no link');
  });

  test('one for a person keeps a handle for them, until it is revoked', async () => {
    const email = 'Ada@example.org';
    const made = await add('--email', email, '--handle', '@Ada:matrix.example');
    assert.deepEqual([made.email, made.handle, made.uses], [email, 'ada', 1]);
    const entry = await terminal.json<{ state: string; heldUntil: string }>(
      ...['handles', 'show', 'ada'],
    );
    assert.equal(entry.state, 'held');
    assert.equal(entry.heldUntil, made.expiresAt);
    const taken = await terminal.failure(['invitations', 'add', '--handle', 'ada']);
    assert.deepEqual([taken.code, taken.exit], ['handle_taken', 1]);
    const account = ['--email', 'b@example.org', '--name', 'Bob', '--handle', 'ada'];
    assert.equal((await terminal.failure(['accounts', 'add', ...account])).code, 'handle_taken');
    const revoked = await terminal.json<FoundInvitation>('invitations', 'revoke', made.id);
    assert.equal(revoked.state, 'revoked');
    await terminal.json('invitations', 'revoke', made.id);
    assert.deepEqual(await terminal.audited(made.id), ['invitation.created', 'invitation.revoked']);
    assert.equal((await terminal.failure(['handles', 'show', 'ada'])).code, 'handle_not_found');
  });

  test('one that cannot be had leaves nothing behind', async () => {
    const count = async () =>
      (await terminal.db.query('select from invitations')).length +
      (await terminal.db.query('select from mails')).length;
    const before = await count();
    for (const [code, ...args] of [
      ['email_missing', '--send'],
      ['email_invalid', '--email', 'ada'],
      ['uses_invalid', '--email', 'ada@example.org', '--uses', '2'],
      ['uses_invalid', '--handle', 'ada', '--uses', '2'],
      ['handle_unavailable', '--handle', 'admin'],
      ['tenant_not_found', '--tenant', 'nobody'],
      ['bad_input', '--expires', '7'],
      ['bad_input', '--expires', '367d'],
      ['bad_input', '--uses', '0'],
    ]) {
      const failure = await terminal.failure(['invitations', 'add', ...args]);
      assert.equal(failure.code, code, args.join(' '));
    }
    assert.equal(await count(), before);
    const unknown = await terminal.failure(['invitations', 'show', 'x']);
    assert.equal(unknown.code, 'invitation_not_found');
  });

  test('one that is sent is in the outbox, sealed', async () => {
    const made = await add('--email', 'carol@example.org', '--send', '--language', 'de');
    assert.equal(made.mailed, true);
    const mails = await terminal.db.query<{ sealed: string }>(
      `select sealed from mails where template = 'invitation'`,
    );
    assert.equal(mails.length, 1);
    assert.ok(!mails[0]?.sealed.includes('carol'));
  });
});
