import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, answerOf, newVisitor, refused } from './application.ts';
import { openWorld, type Person, type World } from './world.ts';

const home = 'https://app.example/signed-out';

describe('signing out', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    [app, ada] = await Promise.all([Application.of(world), world.addPerson()]);
  });
  afterAll(() => world.close());

  async function signedIn() {
    const visitor = newVisitor();
    const tokens = await app.signIn(visitor, ada);
    const url = openid.buildEndSessionUrl(app.config, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: home,
      state: 'xyz',
    });
    return { visitor, tokens, url };
  }

  test('asks first, then ends the session and returns to the application', async () => {
    const { visitor, tokens, url } = await signedIn();
    const page = await visitor.open(url);
    assert.equal(page.status, 200);
    assert.match(page.text, /Ada Lovelace/);
    assert.equal((await app.userinfo(tokens)).sub, ada.id);
    const back = await visitor.submit(page);
    assert.equal(back.url.href, `${home}?state=xyz`);
    const attempt = await app.request({ prompt: 'none' });
    assert.equal(answerOf(await visitor.open(attempt.url)).error, 'login_required');
  });

  test('ends the tokens that came with the session', async () => {
    const { visitor, tokens, url } = await signedIn();
    await visitor.submit(await visitor.open(url));
    await assert.rejects(app.userinfo(tokens));
    await refused(app.refresh(tokens.refresh_token), 'invalid_grant');
  });

  test('leaves the person signed in who opens the page and turns back', async () => {
    const { visitor, url } = await signedIn();
    await visitor.open(url);
    const attempt = await app.request({ prompt: 'none' });
    assert.ok(answerOf(await visitor.open(attempt.url)).code);
  });

  test('works without naming an application, and ends on a page of ours', async () => {
    const { visitor } = await signedIn();
    const page = await visitor.open(`${world.issuer}/session/end`);
    const done = await visitor.submit(page);
    assert.equal(done.status, 200);
    assert.match(done.heading, /signed out/i);
  });

  test('returns to the application also when nobody was signed in', async () => {
    const { url } = await signedIn();
    const stranger = newVisitor();
    const back = await stranger.submit(await stranger.open(url));
    assert.equal(back.url.href, `${home}?state=xyz`);
  });

  test('may send the browser on to the application, and nowhere else', async () => {
    const { visitor, url } = await signedIn();
    for (const person of [visitor, newVisitor()]) {
      const page = await person.open(url);
      const policy = String(page.headers['content-security-policy']);
      assert.match(policy, /form-action 'self' https:\/\/app\.example(;|$)/);
    }
  });

  test('never leads to an address that is not registered', async () => {
    for (const target of [`${home}/`, `${home}?x=1`, 'https://evil.example/', '//evil.example']) {
      const { visitor, url } = await signedIn();
      url.searchParams.set('post_logout_redirect_uri', target);
      assert.equal((await visitor.open(url)).status, 400);
      url.searchParams.delete('id_token_hint');
      url.searchParams.delete('client_id');
      const done = await visitor.submit(await visitor.open(url));
      assert.equal(done.url.origin, world.url);
    }
  });

  test('believes no ID token that we did not sign', async () => {
    const { visitor, url } = await signedIn();
    const forged = new URL(url);
    const [header = '', payload = ''] = (url.searchParams.get('id_token_hint') ?? '').split('.');
    forged.searchParams.set('id_token_hint', `${header}.${payload}.${'A'.repeat(342)}`);
    assert.equal((await visitor.open(forged)).status, 400);
  });

  test('tells Synapse in the background which browser session ended', async () => {
    const matrix = await Application.of(world, {
      backchannelLogoutUri: 'http://127.0.0.1:9/_synapse/client/oidc/backchannel_logout',
    });
    const visitor = newVisitor();
    const tokens = await matrix.signIn(visitor, ada);
    const { sid } = tokens.claims() as { sid?: string };
    assert.ok(sid, 'the ID token names the session');
    await visitor.submit(await visitor.open(`${world.issuer}/session/end`));
    const jobs = await world.database.query<{ payload: object }>(
      `select j.payload from graphile_worker._private_jobs j
        join graphile_worker._private_tasks t on t.id = j.task_id
        where t.identifier = 'backchannel-logout'`,
    );
    const expected = { clientId: matrix.client.id, sub: ada.id, sid };
    assert.deepEqual(
      jobs.map(({ payload }) => payload),
      [expected],
    );
  });
});
