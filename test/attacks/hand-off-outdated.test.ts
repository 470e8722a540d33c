import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  assertExpired,
  bring,
  type Linked,
  openPlatform,
  type Platform,
  signInThere,
  whoSignsIn,
} from '../handoff/hand-off.ts';
import { Application, newVisitor } from '../oidc/application.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { visitAccount } from '../pages/account/visitor.ts';

describe('who was handed over, and may not be any more,', () => {
  let world: World;
  let platform: Platform;
  beforeAll(async () => {
    world = await openWorld();
    platform = await openPlatform(world);
  });
  afterAll(() => world.close());

  const sql = (text: string, ...values: unknown[]) => world.database.query(text, values);

  /** What may happen to an account, its tenant or a client while somebody is on the way. */
  const changes: Record<string, (person: Linked) => [string, unknown]> = {
    'an account that became an administrator’s': ({ id }) => [
      `update accounts set roles = '{tenant.admin}' where id = $1`,
      id,
    ],
    'a disabled account': ({ id }) => [`update accounts set status = 'disabled' where id = $1`, id],
    'an account that the platform no longer has': ({ id }) => [
      'update accounts set platform_slug = null where id = $1',
      id,
    ],
    'a suspended tenant': ({ tenantId }) => [
      `update tenants set status = 'suspended' where id = $1`,
      tenantId,
    ],
    'a platform that lost its scope': () => [
      `update clients set scopes = '{accounts:write}' where id = $1`,
      platform.client.id,
    ],
    'a disabled platform': () => [
      'update clients set disabled_at = now() where id = $1',
      platform.client.id,
    ],
  };
  const restore = async () => {
    await sql(`update tenants set status = 'active'`);
    await sql(
      `update clients set disabled_at = null, scopes = '{handoff:write,accounts:write}' where id = $1`,
      platform.client.id,
    );
  };
  for (const [what, change] of Object.entries(changes)) {
    test(`cannot go on with ${what}`, async () => {
      const person = await platform.addMember();
      const [early, late] = [newVisitor(), newVisitor()];
      const ticket = await platform.ticketFor(person);
      await bring(late, world, await platform.ticketFor(person));
      await sql(...change(person));
      const page = await bring(early, world, ticket);
      const { page: signIn } = await signInThere(late, platform.app);
      await restore();
      assert.deepEqual([page.status, page.heading], [400, 'This page has expired']);
      assert.deepEqual([signIn.status, /^Sign in/.test(signIn.heading)], [200, true]);
    });
  }

  test('cannot go on after everything of the account was ended', async () => {
    const person = await platform.addMember();
    for (const end of ['every other session', 'the password'] as const) {
      const [early, late] = [newVisitor(), newVisitor()];
      const ticket = await platform.ticketFor(person);
      await bring(late, world, await platform.ticketFor(person));
      await visitAccount(world, person);
      const { visitor, page } = await visitAccount(world, person);
      if (end === 'every other session') {
        await visitor.submit(page, {}, { form: /sessions\/end-all/ });
      } else {
        const form = await visitor.open(`${world.url}/account/password`);
        const next = 'violet-kettle-49';
        await visitor.submit(form, { current: person.password, password: next });
        person.password = next;
      }
      await assertExpired(early, platform.app, await bring(early, world, ticket));
      assert.equal(await whoSignsIn(late, platform.app), undefined, end);
    }
  });

  test('cannot reach a homeserver without Matrix access', async () => {
    const synapse = await Application.of(world, {
      idpId: 'acme',
      handoffTargets: ['https://app.example/'],
    });
    const person = await platform.addMember();
    const order = { clientId: synapse.client.id };
    const [early, late] = [newVisitor(), newVisitor()];
    const ticket = await platform.ticketFor(person, order);
    await bring(late, world, await platform.ticketFor(person, order));
    await sql(`update accounts set matrix_access = 'revoked' where id = $1`, person.id);
    const page = await bring(early, world, ticket);
    assert.deepEqual([page.status, page.heading], [403, 'Your chat access is switched off']);
    assert.equal(await whoSignsIn(late, synapse), undefined);
    const { page: signIn } = await signInThere(late, synapse);
    const end = await late.submit(signIn, { email: person.email, password: person.password });
    assert.deepEqual([end.status, end.heading], [403, 'Your chat access is switched off']);
  });
});
