import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Linked, openPlatform, type Platform, signInPage } from '../../handoff/hand-off.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import { call } from '../../platform/api.ts';

describe('a platform', () => {
  let world: World;
  let platform: Platform;
  beforeAll(async () => {
    world = await openWorld();
    platform = await openPlatform(world, {
      client: { scopes: ['handoff:write', 'accounts:write', 'events:write', 'access:write'] },
    });
  });
  afterAll(() => world.close());

  const cli = (...args: string[]) => world.service.cli('accounts', ...args);
  const post = (path: string, body: object) =>
    call(world, path, { token: platform.token, method: 'POST', body });
  const handOff = async ({ slug }: Linked) => {
    const order = { userSlug: slug, clientId: platform.app.client.id, redirectUri: signInPage };
    const { status, body } = await platform.ask(order);
    return body.error ?? status;
  };
  let sequence = 0;
  async function say({ slug }: Linked, newRole: string | null): Promise<void> {
    sequence++;
    const { body } = await post('/events', {
      ...{ id: `role-${sequence}`, type: 'user.role.changed', sequence, newRole },
      ...{ occurredAt: new Date().toISOString(), entityType: 'tenant', userSlug: slug },
    });
    const [result] = body.results as { outcome: string }[];
    assert.equal(result?.outcome, 'applied', JSON.stringify(body));
  }
  const rename = ({ id }: Linked, platformSlug: string | null) =>
    call(world, `/accounts/${id}/platform`, {
      ...{ token: platform.token, method: 'PUT', body: { platformUserId: null, platformSlug } },
    });
  async function rolesOf({ id }: Linked): Promise<string[] | undefined> {
    const [row] = await world.database.query<{ roles: string[] }>(
      'select roles from accounts where id = $1',
      [id],
    );
    return row?.roles;
  }
  /** As if the role had ended that long ago. */
  const age = ({ id }: Linked, hours: number) =>
    world.database.query(
      `update accounts set administrator_ended_at = now() - make_interval(hours => $2) where id = $1`,
      [id, hours],
    );

  test('takes no role that the operator gave, by its word or by another slug', async () => {
    const ann = await platform.addMember();
    await cli('set-roles', ann.id, '--role', 'tenant.admin', '--role', 'moderator');
    await say(ann, null);
    assert.deepEqual(await rolesOf(ann), ['tenant.admin', 'moderator']);
    assert.equal(await handOff(ann), 'account_administrator');
    await say(ann, 'admin');
    await say(ann, null);
    assert.deepEqual(await rolesOf(ann), ['tenant.admin', 'moderator'], 'nor after giving it too');
    await say(ann, 'admin');
    await rename(ann, null);
    await rename(ann, 'another-slug');
    assert.deepEqual(await rolesOf(ann), ['tenant.admin', 'moderator']);
    assert.equal(await handOff({ ...ann, slug: 'another-slug' }), 'account_administrator');
  });

  test('takes what it gave, unless the operator gave that as well', async () => {
    const [bea, cy] = [await platform.addMember(), await platform.addMember()];
    await say(bea, 'admin');
    await say(cy, 'admin');
    await cli('set-roles', cy.id, '--role', 'tenant.admin');
    await say(bea, null);
    await say(cy, null);
    assert.deepEqual(await rolesOf(bea), []);
    assert.deepEqual(await rolesOf(cy), ['tenant.admin']);
  });

  /** Every way in which somebody stops being an administrator. */
  const ends: Record<string, (whom: Linked) => Promise<unknown>> = {
    'its own word': async (whom) => {
      await say(whom, 'admin');
      await say(whom, null);
    },
    'another slug': async (whom) => {
      await say(whom, 'admin');
      await rename(whom, 'gone');
      await rename(whom, null);
      await rename(whom, `${whom.slug}-again`);
      whom.slug = `${whom.slug}-again`;
    },
    'the operator’s command': async ({ id }) => {
      await cli('set-roles', id, '--role', 'platform.admin');
      await cli('set-roles', id, '--none');
    },
    'a change in the database': async ({ id }) => {
      for (const roles of ['{tenant.admin}', '{}']) {
        await world.database.query('update accounts set roles = $2 where id = $1', [id, roles]);
      }
    },
  };
  for (const [how, end] of Object.entries(ends)) {
    test(`hands nobody over for a day after their role ended by ${how}`, async () => {
      const di = await platform.addMember();
      assert.equal(await handOff(di), 201);
      await end(di);
      assert.deepEqual(await rolesOf(di), []);
      assert.equal(await handOff(di), 'account_administrator');
      await age(di, 23);
      assert.equal(await handOff(di), 'account_administrator');
      await age(di, 25);
      assert.equal(await handOff(di), 201);
    });
  }

  test('does not give back the access to Matrix that the operator took away', async () => {
    const { id } = await platform.addMember();
    const access = (verb: string) => post(`/matrix/access/${verb}`, { accountId: id });
    assert.equal((await access('revoke')).status, 200);
    assert.equal((await access('restore')).status, 200, 'its own to give back');
    assert.equal((await access('revoke')).status, 200);
    await cli('revoke-matrix', id, '--yes');
    assert.equal((await access('revoke')).status, 200, 'says what holds, and changes nothing');
    const refused = await access('restore');
    assert.deepEqual([refused.status, refused.body.error], [403, 'revoked_by_operator']);
    await cli('restore-matrix', id);
    assert.equal((await access('revoke')).status, 200);
    assert.equal((await access('restore')).status, 200);
  });
});
