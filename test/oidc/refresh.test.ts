import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  Application,
  answerOf,
  enterPassword,
  newVisitor,
  refused,
  type Tokens,
} from './application.ts';
import { openWorld, type Person, type World } from './world.ts';

describe('refreshing', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    [app, ada] = await Promise.all([Application.of(world), world.addPerson()]);
  });
  afterAll(() => world.close());

  const signIn = () => app.signIn(newVisitor(), ada);

  test('gives new tokens, and a new refresh token each time', async () => {
    const first = await signIn();
    const second = await app.refresh(first.refresh_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.notEqual(second.access_token, first.access_token);
    assert.equal(second.claims()?.sub, ada.id);
    assert.equal((await app.userinfo(second)).sub, ada.id);
    const third = await app.refresh(second.refresh_token);
    assert.equal((await app.userinfo(third)).name, ada.name);
  });

  test('with a token that was used already ends the whole family', async () => {
    const first = await signIn();
    const second = await app.refresh(first.refresh_token);
    await refused(app.refresh(first.refresh_token), 'invalid_grant');
    await refused(app.refresh(second.refresh_token), 'invalid_grant');
    await assert.rejects(app.userinfo(second));
  });

  test('twice at the same time works at most once, and then ends the family', async () => {
    for (let round = 0; round < 5; round++) {
      const { refresh_token } = await signIn();
      const tries = Array.from({ length: 6 }, () => app.refresh(refresh_token));
      const settled = await Promise.allSettled(tries);
      const won = settled.flatMap((result) =>
        result.status === 'fulfilled' ? [result.value] : [],
      );
      assert.ok(won.length <= 1, `${won.length} refreshed with one token`);
      for (const tokens of won) await refused(app.refresh(tokens.refresh_token), 'invalid_grant');
    }
  });

  test('leaves the families of other sign-ins alone', async () => {
    const [one, other] = [await signIn(), await signIn()];
    await app.refresh(one.refresh_token);
    await refused(app.refresh(one.refresh_token), 'invalid_grant');
    assert.ok((await app.refresh(other.refresh_token)).access_token);
  });

  test('asks for fewer scopes, never for more', async () => {
    const tokens = await app.signIn(newVisitor(), ada, { scope: 'openid profile' });
    const fewer = await app.refresh(tokens.refresh_token, { scope: 'openid' });
    assert.equal(fewer.claims()?.name, undefined);
    await refused(app.refresh(fewer.refresh_token, { scope: 'openid email' }), 'invalid_scope');
  });

  test('ends with the browser session, unless offline_access was granted', async () => {
    const visitor = newVisitor();
    const bound = await app.signIn(visitor, ada);
    const offline = await offlineTokens();
    await world.database.query(`delete from oidc_artifacts where model = 'Session'`);
    await refused(app.refresh(bound.refresh_token), 'invalid_grant');
    assert.ok((await app.refresh(offline.refresh_token)).access_token);
  });

  test('offline_access is given only with prompt=consent and after the person agreed', async () => {
    const quiet = await app.signIn(newVisitor(), ada, { scope: 'openid offline_access' });
    assert.ok(!quiet.scope?.includes('offline_access'));
    assert.ok((await offlineTokens()).scope?.includes('offline_access'));
  });

  test('is of no use to another client', async () => {
    const { refresh_token } = await signIn();
    const other = await Application.of(world);
    await refused(other.refresh(refresh_token), 'invalid_grant');
    assert.ok((await app.refresh(refresh_token)).access_token);
  });

  test('is not offered to a client whose operator did not allow it', async () => {
    const once = await Application.of(world, { grantTypes: ['authorization_code'] });
    const tokens = await once.signIn(newVisitor(), ada);
    assert.equal(tokens.refresh_token, undefined);
  });

  test('stops at once when account or tenant are no longer active', async () => {
    const tenant = await world.addTenant();
    const [bob, carol] = [
      await world.addPerson({ tenantId: tenant.id }),
      await world.addPerson({ tenantId: tenant.id }),
    ];
    const [bobs, carols] = [
      await app.signIn(newVisitor(), bob),
      await app.signIn(newVisitor(), carol),
    ];
    await world.database.query(`update accounts set status = 'disabled' where id = $1`, [bob.id]);
    await refused(app.refresh(bobs.refresh_token), 'invalid_grant');
    await assert.rejects(app.userinfo(bobs));
    assert.equal((await app.userinfo(carols)).sub, carol.id);
    const suspend = `update tenants set status = 'suspended' where id = $1`;
    await world.database.query(suspend, [tenant.id]);
    await refused(app.refresh(carols.refresh_token), 'invalid_grant');
    await assert.rejects(app.userinfo(carols));
  });

  test('stops at once when its client is disabled', async () => {
    const own = await Application.of(world);
    const tokens = await own.signIn(newVisitor(), ada);
    const disable = 'update clients set disabled_at = now() where id = $1';
    await world.database.query(disable, [own.client.id]);
    await assert.rejects(own.refresh(tokens.refresh_token));
    await assert.rejects(own.userinfo(tokens));
  });

  async function offlineTokens(): Promise<Tokens> {
    const visitor = newVisitor();
    const attempt = await app.request({ scope: 'openid offline_access', prompt: 'consent' });
    const consent = await enterPassword(visitor, await visitor.open(attempt.url), ada);
    const back = await visitor.submit(consent);
    assert.ok(answerOf(back).code);
    return app.redeem(attempt, back);
  }
});
