import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  Application,
  type Attempt,
  answerOf,
  enterPassword,
  newVisitor,
  refused,
} from '../oidc/application.ts';
import { openWorld, type Person, type World } from '../oidc/world.ts';

describe('who holds an authorization code that is not theirs', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  let mallory: Person;
  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world);
    [ada, mallory] = [await world.addPerson(), await world.addPerson({ name: 'Mallory' })];
  });
  afterAll(() => world.close());

  async function codeFor(person: Person, attempt: Attempt): Promise<URL> {
    const visitor = newVisitor();
    return (await enterPassword(visitor, await visitor.open(attempt.url), person)).url;
  }

  test('cannot redeem it a second time, and ends what the first time gave', async () => {
    const attempt = await app.request();
    const back = await codeFor(ada, attempt);
    const tokens = await app.redeem(attempt, back);
    await refused(app.redeem(attempt, back), 'invalid_grant');
    await assert.rejects(app.userinfo(tokens));
  });

  test('cannot win by redeeming it many times at once', async () => {
    for (let round = 0; round < 5; round++) {
      const attempt = await app.request();
      const back = await codeFor(ada, attempt);
      const tries = Array.from({ length: 10 }, () => app.redeem(attempt, back));
      const settled = await Promise.allSettled(tries);
      const won = settled.filter(({ status }) => status === 'fulfilled');
      assert.ok(won.length <= 1, `${won.length} redeemed one code`);
    }
  });

  test('cannot inject it into another person’s sign-in: the verifier does not fit', async () => {
    const [victims, attackers] = [await app.request(), await app.request()];
    const injected = await codeFor(mallory, attackers);
    injected.searchParams.set('state', victims.checks.expectedState);
    await refused(app.redeem(victims, injected), 'invalid_grant');
  });

  test('cannot make the application take it for another issuer’s, or the reverse (mix-up)', async () => {
    const attempt = await app.request();
    const back = await codeFor(ada, attempt);
    back.searchParams.set('iss', 'https://evil.example/oidc');
    await assert.rejects(app.redeem(attempt, back), /invalid response/);
    back.searchParams.delete('iss');
    await assert.rejects(app.redeem(attempt, back), /invalid response/);
  });

  test('cannot redeem it as another client, nor at another redirect URI', async () => {
    const other = await Application.of(world);
    const attempt = await app.request();
    const back = await codeFor(ada, attempt);
    await refused(other.redeem(attempt, back), 'invalid_grant');
    const second = await app.request();
    const elsewhere = new URL(await codeFor(ada, second));
    elsewhere.pathname = '/elsewhere';
    await refused(app.redeem(second, elsewhere), 'invalid_grant');
  });

  test('cannot take PKCE away on the way (downgrade)', async () => {
    const { url, checks } = await app.request();
    for (const change of [
      (stripped: URL) => {
        stripped.searchParams.delete('code_challenge');
        stripped.searchParams.delete('code_challenge_method');
      },
      (plain: URL) => plain.searchParams.set('code_challenge_method', 'plain'),
      (none: URL) => none.searchParams.delete('code_challenge_method'),
      (empty: URL) => empty.searchParams.set('code_challenge', ''),
    ]) {
      const changed = new URL(url);
      change(changed);
      assert.equal(answerOf(await newVisitor().open(changed)).error, 'invalid_request');
    }
    const back = await codeFor(ada, { url, checks });
    const redeeming = openid.authorizationCodeGrant(app.config, back, {
      expectedState: checks.expectedState,
      expectedNonce: checks.expectedNonce,
    });
    await refused(redeeming, 'invalid_grant');
  });

  test('cannot use a verifier where the application sent no challenge', async () => {
    const old = await Application.of(world, { pkceRequired: false });
    const { url, checks } = await old.request();
    url.searchParams.delete('code_challenge');
    url.searchParams.delete('code_challenge_method');
    const back = await codeFor(ada, { url, checks });
    await refused(old.redeem({ url, checks }, back), 'invalid_grant');
  });

  test('cannot use it after a minute', async () => {
    const attempt = await app.request();
    const back = await codeFor(ada, attempt);
    await world.database.query(
      `update oidc_artifacts set payload = payload || jsonb_build_object('exp',
        extract(epoch from now())::int - 120) where model = 'AuthorizationCode'`,
    );
    await refused(app.redeem(attempt, back), 'invalid_grant');
  });

  test('cannot pass one kind of token off as another', async () => {
    const tokens = await app.signIn(newVisitor(), ada);
    for (const access_token of [tokens.refresh_token, tokens.id_token]) {
      await assert.rejects(app.userinfo({ access_token: access_token ?? '' }));
    }
    await refused(app.refresh(tokens.access_token), 'invalid_grant');
    await refused(app.refresh(tokens.id_token), 'invalid_grant');
  });

  test('cannot ask for /internal with a person’s token, nor give a client what it may not have', async () => {
    const resource = `${world.url}/internal`;
    const answer = answerOf(await newVisitor().open((await app.request({ resource })).url));
    assert.equal(answer.error, 'invalid_target');
    const asking = openid.clientCredentialsGrant(app.config, { scope: 'accounts:write' });
    await refused(asking, 'invalid_request');
    const tokens = await app.signIn(newVisitor(), ada, { scope: 'openid accounts:write' });
    assert.equal(tokens.scope, 'openid');
  });
});
