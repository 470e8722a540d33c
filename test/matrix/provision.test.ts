import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { provisioningState, waitForProvisioning } from '../../src/matrix/matrix-users.store.ts';
import { Synapse } from '../../src/matrix/synapse.ts';
import { Interrupted, Interruption } from './interruption.ts';
import { newHandle, openWorld, type World } from './world.ts';

describe('provisioning a Matrix user', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  const provision = (handle: string) => world.run('provision-matrix-user', { handle });
  const mapping = async (handle: string) =>
    (await world.user(handle))?.external_ids.map(
      ({ auth_provider, external_id }) => `${auth_provider} ${external_id}`,
    );
  const ownMapping = (accountId: string) => [
    `oidc-acme ${accountId}`,
    `oidc-everyone ${accountId}`,
  ];
  async function begun() {
    const handle = newHandle();
    const accountId = await world.hold(handle);
    assert.equal(await world.begin(handle, accountId), 'pending');
    return { handle, accountId };
  }
  async function assertOurs({ handle, accountId }: { handle: string; accountId: string }) {
    assert.equal(await provisioningState(world.database, { handle, accountId }), 'ready');
    assert.deepEqual((await mapping(handle))?.sort(), ownMapping(accountId));
  }

  test('maps a new user to its account for every block that serves the tenant', async () => {
    const user = await begun();
    await provision(user.handle);
    await assertOurs(user);
    await provision(user.handle);
    await assertOurs(user);
  });

  test('does nothing for a hold that is gone', async () => {
    const { handle } = await begun();
    await world.database.query('delete from handles where handle = $1', [handle]);
    await provision(handle);
    assert.equal(await world.user(handle), undefined);
  });

  test('leaves a user that was there before exactly as it was, and burns the handle', async () => {
    const handle = newHandle();
    const stranger = {
      displayname: 'Someone Else',
      threepids: [{ medium: 'email', address: `${handle}@example.org` }],
      external_ids: [{ auth_provider: 'oidc-google', external_id: handle }],
    };
    await world.makeStranger(handle, stranger);
    const known = await world.user(handle);
    const accountId = await world.hold(handle);
    await world.begin(handle, accountId);
    await provision(handle);
    assert.equal(await waitForProvisioning(world.database, { handle, accountId }), 'conflict');
    assert.deepEqual(await world.user(handle), known);
    assert.equal(await world.signIn(handle), true);
    const [row] = await world.database.query<{ state: string; account_id: null }>(
      'select state, account_id from handles where handle = $1',
      [handle],
    );
    assert.deepEqual(row, { state: 'tombstoned', account_id: null });
    const events = await world.database.query(
      "select from audit where action = 'matrix_user.conflicted' and target = $1::text",
      [accountId],
    );
    assert.equal(events.length, 1);
    assert.equal(await world.begin(handle, accountId), 'conflict');
    assert.equal(await world.begin(handle, randomUUID()), 'conflict');
  });

  test('leaves a deactivated user as it was', async () => {
    const handle = newHandle();
    await world.makeStranger(handle);
    await world.makeStranger(handle, { password: undefined, deactivated: true });
    const accountId = await world.hold(handle);
    await world.begin(handle, accountId);
    await provision(handle);
    assert.equal(await provisioningState(world.database, { handle, accountId }), 'conflict');
    assert.equal((await world.user(handle))?.deactivated, true);
  });

  for (const [name, reason] of [
    ['bridge.', /M_EXCLUSIVE/],
    ['_', /M_INVALID_USERNAME/],
  ] as const) {
    test(`accepts that Synapse has no name beginning with ${name} for us`, async () => {
      const handle = `${name}${newHandle()}`;
      const accountId = await world.hold(handle);
      await world.begin(handle, accountId);
      await provision(handle);
      const [row] = await world.database.query<{ state: string; error: string }>(
        'select state, error from matrix_users where handle = $1',
        [handle],
      );
      assert.equal(row?.state, 'conflict');
      assert.match(row?.error ?? '', reason);
      assert.equal(await world.user(handle), undefined);
    });
  }

  test('finds a conflict when another user is mapped to the account', async () => {
    const user = await begun();
    const other = newHandle();
    await world.makeStranger(other, {
      external_ids: [{ auth_provider: 'oidc-acme', external_id: user.accountId }],
    });
    await provision(user.handle);
    assert.equal(await provisioningState(world.database, user), 'conflict');
    assert.deepEqual(await mapping(other), [`oidc-acme ${user.accountId}`]);
  });

  test('knows a user again that signed in through us before there was a token', async () => {
    const handle = newHandle();
    const accountId = await world.hold(handle);
    const google = { auth_provider: 'oidc-google', external_id: handle };
    await world.makeStranger(handle, {
      external_ids: [{ auth_provider: 'oidc-acme', external_id: accountId }, google],
    });
    await world.begin(handle, accountId);
    await provision(handle);
    assert.deepEqual(
      (await mapping(handle))?.sort(),
      [...ownMapping(accountId), `oidc-google ${handle}`].sort(),
    );
  });

  test('does not believe another provider that names our account', async () => {
    const handle = newHandle();
    const accountId = await world.hold(handle);
    await world.makeStranger(handle, {
      external_ids: [{ auth_provider: 'oidc-evil', external_id: accountId }],
    });
    await world.begin(handle, accountId);
    await provision(handle);
    assert.equal(await provisioningState(world.database, { handle, accountId }), 'conflict');
  });

  for (const when of ['before', 'after'] as const) {
    test(`goes on after a crash right ${when} any step`, async () => {
      for (let nth = 1; ; nth += 1) {
        const user = await begun();
        const crash = new Interruption(nth, when);
        const died = await world
          .run('provision-matrix-user', user, {
            database: crash.within(world.database),
            synapse: crash.within(world.options.synapse),
          })
          .then(
            () => false,
            (error) => error instanceof Interrupted,
          );
        await provision(user.handle);
        await assertOurs(user);
        if (!died) {
          assert.ok(nth > 7, `only ${nth - 1} steps were seen`);
          return;
        }
      }
    });
  }

  test('does not take a user that someone else made while it was dead', async () => {
    const user = await begun();
    const crash = new Interruption(2, 'before');
    const synapse = crash.within(world.options.synapse);
    await assert.rejects(world.run('provision-matrix-user', user, { synapse }), Interrupted);
    assert.equal(await world.user(user.handle), undefined);
    await world.makeStranger(user.handle);
    await world.signIn(user.handle);
    await provision(user.handle);
    assert.equal(await provisioningState(world.database, user), 'conflict');
    assert.deepEqual(await mapping(user.handle), []);
  });

  test('by two workers at once makes it ready once they are both done', async () => {
    for (let round = 0; round < 5; round += 1) {
      const user = await begun();
      const runs = await Promise.allSettled([provision(user.handle), provision(user.handle)]);
      if (runs.some(({ status }) => status === 'rejected')) await provision(user.handle);
      await assertOurs(user);
    }
  });

  test('waits for a Synapse that is away', async () => {
    const user = await begun();
    const synapse = new Synapse({ ...world.access, url: 'http://127.0.0.1:9' });
    await assert.rejects(world.run('provision-matrix-user', user, { synapse }), { kind: 'retry' });
    const waited = waitForProvisioning(world.database, user, { timeoutMs: 100 });
    assert.equal(await waited, 'pending');
    await provision(user.handle);
    await assertOurs(user);
  });

  test('takes over what was made for a sign-up that never finished', async () => {
    const dead = await begun();
    await provision(dead.handle);
    await world.database.query('delete from handles where handle = $1', [dead.handle]);
    const user = { handle: dead.handle, accountId: await world.hold(dead.handle) };
    assert.equal(await world.begin(user.handle, user.accountId), 'pending');
    assert.equal(await provisioningState(world.database, dead), 'conflict');
    await provision(user.handle);
    await assertOurs(user);
  });

  test('takes nothing over that somebody has used', async () => {
    const dead = await begun();
    await provision(dead.handle);
    await world.makeStranger(dead.handle);
    await world.signIn(dead.handle);
    await world.database.query('delete from handles where handle = $1', [dead.handle]);
    const user = { handle: dead.handle, accountId: await world.hold(dead.handle) };
    await world.begin(user.handle, user.accountId);
    await provision(user.handle);
    assert.equal(await provisioningState(world.database, user), 'conflict');
  });

  test('is refused to whoever does not hold the handle', async () => {
    const user = await begun();
    await provision(user.handle);
    await world.settle(user.handle, user.accountId);
    assert.equal(await world.begin(user.handle, randomUUID()), 'conflict');
    assert.equal(await world.begin(newHandle(), randomUUID()), 'conflict');
    await assertOurs(user);
  });
});
