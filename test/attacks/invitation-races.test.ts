import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { newVisitor } from '../oidc/application.ts';
import { furnish, type World } from '../oidc/world.ts';
import {
  acceptInvitation,
  accountsOf,
  choose,
  finish,
  inviteTo,
  leftOf,
  newEmail,
  newHandle,
  proveAddress,
} from '../pages/invitation/invitee.ts';
import type { Visitor } from '../support/forms.ts';
import type { Page } from '../support/page.ts';
import { type BalancedService, startInstances } from '../support/service.ts';
import { until } from '../support/until.ts';

describe('many who come by one invitation, over two instances', () => {
  let world: World<BalancedService>;
  beforeAll(async () => {
    world = await furnish(await startInstances(2));
  });
  afterAll(() => world.close());

  /** Somebody somewhere, asked for a handle. */
  let people = 0;
  async function atProfile(link: string): Promise<{ visitor: Visitor; page: Page }> {
    people += 1;
    const visitor = newVisitor({ localAddress: `127.2.0.${people}` });
    const signUp = await acceptInvitation(visitor, link);
    return { visitor, page: await proveAddress(world, visitor, signUp, newEmail()) };
  }

  const isIn = ({ url }: Page) => url.pathname.endsWith('/password');

  for (const uses of [1, 3]) {
    test(`at once make ${uses} of 12 accounts where it is for ${uses}`, async () => {
      const closed = await world.addTenant({ signUp: 'closed' });
      const { id, link } = await inviteTo(world, { tenantId: closed.id, uses });
      const racers = await Promise.all(Array.from({ length: 12 }, () => atProfile(link)));
      const pages = await Promise.all(
        racers.map(({ visitor, page }) => choose(visitor, page, newHandle())),
      );
      assert.equal(pages.filter(isIn).length, uses);
      for (const page of pages.filter((it) => !isIn(it))) {
        assert.equal(page.status, 403, page.text);
        assert.equal(page.heading, 'This invitation was used already');
      }
      assert.equal((await accountsOf(world, closed.id)).length, uses);
      assert.deepEqual(await leftOf(world, id), { left: 0, used: uses });
    });
  }

  test('give the handle that it keeps to one', async () => {
    const closed = await world.addTenant({ signUp: 'closed' });
    const handle = newHandle();
    const { link } = await inviteTo(world, { tenantId: closed.id, handle });
    const racers = await Promise.all(Array.from({ length: 6 }, () => atProfile(link)));
    const pages = await Promise.all(
      racers.map(({ visitor, page }) => choose(visitor, page, handle)),
    );
    assert.equal(pages.filter(isIn).length, 1);
    const rows = await world.database.query(
      `select h.state, a.tenant_id as tenant from handles h join accounts a on a.id = h.account_id
        where h.handle = $1`,
      [handle],
    );
    assert.deepEqual(rows, [{ state: 'active', tenant: closed.id }]);
  });

  test('lose nothing when every instance is killed while the account is made', async () => {
    const closed = await world.addTenant({ signUp: 'closed' });
    const { id, link } = await inviteTo(world, { tenantId: closed.id });
    const { visitor, page } = await atProfile(link);
    const handle = newHandle();
    await world.database.transaction(async (tx) => {
      await tx.query('select from invitations where id = $1 for update', [id]);
      const answer = choose(visitor, page, handle);
      await until(somebodyWaits, { what: 'a sign-up that wants the invitation' });
      await world.service.kill('SIGKILL');
      assert.equal((await answer).status, 502);
    });
    await world.service.restart();
    assert.deepEqual(await leftOf(world, id), { left: 1, used: 0 });
    assert.deepEqual(await accountsOf(world, closed.id), []);
    const account = await finish(visitor, page, handle);
    assert.match(account.text, new RegExp(`@${handle}:`));
    assert.deepEqual(await leftOf(world, id), { left: 0, used: 1 });
  });

  async function somebodyWaits(): Promise<boolean> {
    const rows = await world.database.query(
      `select from pg_stat_activity
        where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`,
    );
    return rows.length > 0;
  }
});
