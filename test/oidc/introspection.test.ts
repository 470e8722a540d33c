import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor, refused } from './application.ts';
import { openWorld, type Person, type World } from './world.ts';

describe('introspection and revocation', () => {
  let world: World;
  let app: Application;
  let other: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    ada = await world.addPerson();
    [app, other] = [await Application.of(world), await Application.of(world)];
  });
  afterAll(() => world.close());

  const signIn = () => app.signIn(newVisitor(), ada);
  const introspect = (by: Application, token: string | undefined) =>
    openid.tokenIntrospection(by.config, token ?? '');

  test('tell a client about its own tokens', async () => {
    const tokens = await signIn();
    const access = await introspect(app, tokens.access_token);
    assert.equal(access.active, true);
    assert.equal(access.sub, ada.id);
    assert.equal(access.client_id, app.client.id);
    assert.equal(access.iss, world.issuer);
    assert.equal((await introspect(app, tokens.refresh_token)).active, true);
  });

  test('tell nothing about tokens of others, or about what is no token', async () => {
    const tokens = await signIn();
    for (const token of [tokens.access_token, tokens.refresh_token, 'x']) {
      assert.deepEqual({ ...(await introspect(other, token)) }, { active: false });
    }
  });

  test('are not there for a client that does not prove itself', async () => {
    const { access_token } = await signIn();
    const body = new URLSearchParams({ token: access_token, client_id: app.client.id });
    const answer = await fetch(`${world.issuer}/introspection`, { method: 'POST', body });
    assert.equal(answer.status, 401);
  });

  test('end an access token alone, and with a refresh token the whole family', async () => {
    const first = await signIn();
    await openid.tokenRevocation(app.config, first.access_token);
    assert.equal((await introspect(app, first.access_token)).active, false);
    await assert.rejects(app.userinfo(first));
    const second = await signIn();
    await openid.tokenRevocation(app.config, second.refresh_token ?? '');
    assert.equal((await introspect(app, second.access_token)).active, false);
    await refused(app.refresh(second.refresh_token), 'invalid_grant');
  });

  test('cannot end the tokens of another client', async () => {
    const tokens = await signIn();
    await openid.tokenRevocation(other.config, tokens.access_token).catch(() => {});
    await openid.tokenRevocation(other.config, tokens.refresh_token ?? '').catch(() => {});
    assert.equal((await introspect(app, tokens.access_token)).active, true);
    assert.ok((await app.refresh(tokens.refresh_token)).access_token);
  });

  test('know that a token ends with its account, its tenant and its client', async () => {
    const tenant = await world.addTenant();
    const bob = await world.addPerson({ tenantId: tenant.id });
    const { access_token } = await app.signIn(newVisitor(), bob);
    const isActive = async () => (await introspect(app, access_token)).active;
    const changes = [
      ['update accounts set status = $2 where id = $1', bob.id, 'disabled', 'active'],
      ['update tenants set status = $2 where id = $1', tenant.id, 'suspended', 'active'],
    ] as const;
    for (const [change, id, off, on] of changes) {
      await world.database.query(change, [id, off]);
      assert.equal(await isActive(), false, off);
      await world.database.query(change, [id, on]);
      assert.equal(await isActive(), true, on);
    }
  });

  test('know that a token ends when its client no longer serves the tenant', async () => {
    const [one, two] = [await world.addTenant(), await world.addTenant()];
    const bound = await Application.of(world, { tenantIds: [one.id, two.id] });
    const bob = await world.addPerson({ tenantId: one.id });
    const { access_token } = await bound.signIn(newVisitor(), bob);
    assert.equal((await introspect(bound, access_token)).active, true);
    const unbind = 'delete from client_tenants where client_id = $1 and tenant_id = $2';
    await world.database.query(unbind, [bound.client.id, one.id]);
    assert.equal((await introspect(bound, access_token)).active, false);
  });
});
