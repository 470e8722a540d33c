import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'vitest';
import { useGoogle } from '../../federation/google-world.ts';
import { stranger } from '../../federation/person.ts';
import { newVisitor } from '../../oidc/application.ts';
import {
  acceptInvitation,
  finish,
  inviteTo,
  newHandle,
  proveAddress,
} from '../../pages/invitation/invitee.ts';
import { addMachine, call, tokenOf } from '../../platform/api.ts';
import type { Visitor } from '../../support/forms.ts';
import { until } from '../../support/until.ts';

describe('what is left of a deleted account', () => {
  const { world, throughGoogle, google } = useGoogle();

  /** Every table with a row that holds one of these, in any column. */
  async function tablesWith(...facts: string[]): Promise<string[]> {
    const tables = await world().database.query<{ name: string }>(
      `select table_schema || '.' || table_name as name from information_schema.tables
        where table_schema in ('public', 'graphile_worker') and table_type = 'BASE TABLE'`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      for (const fact of facts) {
        const rows = await world().database.query(
          `select from ${name} as t where position(lower($1) in lower(t::text)) > 0`,
          [fact],
        );
        if (rows.length > 0) found.push(`${name}: ${fact}`);
      }
    }
    return found;
  }

  async function deleteAccount(visitor: Visitor, handle: string) {
    const form = await visitor.open(`${world().url}/account/delete`);
    const home = await visitor.submit(form, { handle });
    assert.match(home.text, /Your account is deleted/);
    const unsent = 'select from mails where sealed is not null';
    await until(async () => (await world().database.query(unsent)).length === 0, {
      what: 'the last mail to be sent',
    });
  }

  test('that was made by an invitation and a code: no address, name or browser, in any table', async () => {
    const handle = newHandle();
    const email = `Zora.${randomUUID()}@mail.example`;
    const tenantId = world().defaultTenantId;
    const agent = `Browser/${randomUUID()}`;
    const visitor = newVisitor({ headers: { 'user-agent': agent } });
    await inviteTo(world(), { tenantId, email });
    const { link } = await inviteTo(world(), { tenantId, email });
    const signUp = await acceptInvitation(visitor, link);
    const profile = await proveAddress(world(), visitor, signUp, email);
    await finish(visitor, profile, handle);
    await askForMore(email);
    const key = email.toLowerCase();
    assert.ok((await tablesWith(key)).length > 3, 'there was something to forget');
    await world().database.query(
      'update invitations set revoked_at = now() where email_key = $1 and uses_left > 0',
      [key],
    );
    await deleteAccount(visitor, handle);
    assert.deepEqual(await tablesWith(key, agent, 'Nora New'), []);
  });

  /** Rows that know the person by their address alone: a guest, and a code that nobody used. */
  async function askForMore(email: string) {
    const machine = await addMachine(world(), {
      tenantIds: [world().defaultTenantId],
      scopes: ['guests:write'],
    });
    const token = await tokenOf(world(), machine);
    const body = { email, name: 'Nora New' };
    const { status } = await call(world(), '/guests', { token, method: 'POST', body });
    assert.equal(status, 200);
    const visitor = newVisitor();
    const signIn = await visitor.open(`${world().url}/account`);
    await visitor.submit(signIn, { email }, { button: /code/i });
    await world().service.mailbox.waitForMail(email, { subject: /code/ });
  }

  test('that came from elsewhere: no subject, name or picture, in any table', async () => {
    const handle = newHandle();
    const picture = `${google().url}/${randomUUID()}.png`;
    const person = stranger({ sub: randomUUID(), name: `Name ${randomUUID()}`, picture });
    const visitor = newVisitor();
    const { page } = await throughGoogle(visitor, person);
    await visitor.submit(page, { handle }, { button: 'Continue' });
    await visitor.open(`${world().url}/account`);
    assert.ok((await tablesWith(person.sub)).length > 1, 'there was something to forget');
    await deleteAccount(visitor, handle);
    assert.deepEqual(await tablesWith(person.sub, person.name, picture, person.email), []);
  });
});
