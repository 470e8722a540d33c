import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { RowIds } from '../../../src/oidc/row-ids.ts';
import {
  Application,
  answerOf,
  enterPassword,
  newVisitor,
  refused,
} from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import { until } from '../../support/until.ts';

describe('an authorization request', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    [app, ada] = await Promise.all([Application.of(world), world.addPerson()]);
  });
  afterAll(() => world.close());

  /** A browser in which Ada is signed in. */
  async function signedIn() {
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    return visitor;
  }
  async function ask(params: Record<string, string>, visitor = newVisitor()) {
    return visitor.open((await app.request(params)).url);
  }

  test('asks for what is missing in one order: account, handle, address, consent', async () => {
    const tenant = await world.addTenant();
    const eve = await world.addPerson({ tenantId: tenant.id });
    const stranger = await Application.of(world, { firstParty: false });
    const visitor = newVisitor();
    const next = async () => {
      const { url } = await stranger.request({ tenant: tenant.slug });
      return (await visitor.open(url)).heading;
    };
    const { database: db } = world;
    await db.query('update tenants set email_required = true where id = $1', [tenant.id]);
    const asked = [await next()];
    await app.signIn(visitor, eve);
    await db.query("update handles set state = 'tombstoned' where account_id = $1", [eve.id]);
    await db.query('update accounts set email = null, email_key = null where id = $1', [eve.id]);
    asked.push(await next());
    await db.query("update handles set state = 'active' where account_id = $1", [eve.id]);
    asked.push(await next());
    await db.query('update accounts set email = $2, email_key = $2 where id = $1', [
      eve.id,
      eve.email,
    ]);
    asked.push(await next());
    assert.deepEqual(asked, [
      'Sign in to Acme Chat',
      'Choose your handle',
      'Your email address',
      'Let Acme Chat use your account?',
    ]);
  });

  test('with prompt=none never shows a page', async () => {
    assert.equal(answerOf(await ask({ prompt: 'none' })).error, 'login_required');
    const attempt = await app.request({ prompt: 'none' });
    const back = await (await signedIn()).open(attempt.url);
    assert.equal((await app.redeem(attempt, back)).claims()?.sub, ada.id);
  });

  test('with prompt=login asks again, greeting by name, and renews auth_time', async () => {
    const visitor = await signedIn();
    const before = Math.floor(Date.now() / 1000);
    await until(() => Date.now() / 1000 > before + 1, { what: 'the next second' });
    const attempt = await app.request({ prompt: 'login', max_age: '1000' });
    const page = await visitor.open(attempt.url);
    assert.match(page.text, /Ada Lovelace/);
    const tokens = await app.redeem(
      attempt,
      await visitor.submit(page, { password: ada.password }),
    );
    assert.ok((tokens.claims()?.auth_time ?? 0) > before);
  });

  test('with max_age asks again only when the sign-in is older', async () => {
    const visitor = await signedIn();
    const fresh = await app.request({ max_age: '600' });
    assert.ok(answerOf(await visitor.open(fresh.url)).code);
    const page = await ask({ max_age: '0' }, visitor);
    assert.ok(page.has('input[name=password]'));
    assert.equal(
      answerOf(await ask({ max_age: '0', prompt: 'none' }, visitor)).error,
      'login_required',
    );
  });

  test('with prompt=select_account offers the accounts of this browser', async () => {
    const page = await ask({ prompt: 'select_account' }, await signedIn());
    assert.match(page.text, /Ada Lovelace/);
    const none = await ask({ prompt: 'select_account' });
    assert.ok(none.has('input[name=password]'));
  });

  test('changes to another account through the chooser, and both stay signed in', async () => {
    const bob = await world.addPerson({ name: 'Bob' });
    const visitor = await signedIn();
    const page = await ask({ prompt: 'login' }, visitor);
    answerOf(await enterPassword(visitor, page, bob));
    const both = await ask({ prompt: 'select_account' }, visitor);
    assert.match(both.text, /Ada Lovelace/);
    assert.match(both.text, /Bob/);
    const again = await app.request({ prompt: 'select_account' });
    const choose = await visitor.open(again.url);
    const back = await visitor.submit(choose, {}, { button: 'Ada Lovelace' });
    assert.equal((await app.redeem(again, back)).claims()?.sub, ada.id);
  });

  test('with prompt=create leads straight to sign-up', async () => {
    const page = await ask({ prompt: 'create' });
    assert.match(page.url.pathname, /sign-up$/);
    assert.ok(page.has('input[name=email]') && !page.has('input[name=password]'));
  });

  test('with prompt=consent asks even a first-party application’s person', async () => {
    const page = await ask({ prompt: 'consent' }, await signedIn());
    assert.match(page.heading, /Acme Chat/);
    assert.ok(answerOf(await (await signedIn()).open((await app.request()).url)).code);
  });

  test('with login_hint fills in who it is', async () => {
    const page = await ask({ login_hint: ada.email });
    assert.equal(page.value('email'), ada.email);
  });

  test('with ui_locales shows the first language that we know', async () => {
    const german = await ask({ ui_locales: 'tlh de en' });
    assert.equal(german.document.querySelector('html')?.getAttribute('lang'), 'de');
    const english = await ask({ ui_locales: 'tlh' });
    assert.equal(english.document.querySelector('html')?.getAttribute('lang'), 'en');
  });

  test('with acr_values says in the ID token how strong the sign-in was', async () => {
    const acr_values = 'https://refeds.org/profile/mfa https://refeds.org/profile/sfa';
    const tokens = await app.signIn(newVisitor(), ada, { acr_values });
    assert.equal(tokens.claims()?.acr, 'https://refeds.org/profile/sfa');
  });

  test('for an essential acr that nobody can have is refused', async () => {
    const acr = { essential: true, value: 'urn:mace:gold' };
    const claims = JSON.stringify({ id_token: { acr } });
    const answer = answerOf(await ask({ claims, prompt: 'none' }, await signedIn()));
    assert.equal(answer.error, 'unmet_authentication_requirements');
  });

  test('signs nobody in by less than the essential acr, where that turns out only then', async () => {
    const visitor = newVisitor();
    const page = await ask({}, visitor);
    const acr = { essential: true, value: 'https://refeds.org/profile/mfa' };
    // As if the sign-in had begun where that could be had.
    await world.database.query(
      `update oidc_artifacts set payload = jsonb_set(payload, '{params,claims}', to_jsonb($1::text))
        where id = $2`,
      [
        JSON.stringify({ id_token: { acr } }),
        new RowIds(world.fingerprints).of(page.url.pathname.split('/')[2] ?? ''),
      ],
    );
    const answer = answerOf(await enterPassword(visitor, page, ada));
    assert.equal(answer.error, 'unmet_authentication_requirements');
    assert.equal(answerOf(await ask({ prompt: 'none' }, visitor)).error, 'login_required');
  });

  test('for a certain subject never ends as somebody else', async () => {
    const bob = await world.addPerson();
    const claims = JSON.stringify({ id_token: { sub: { value: bob.id } } });
    const answer = answerOf(await ask({ claims, prompt: 'none' }, await signedIn()));
    assert.equal(answer.error, 'login_required');
  });

  test('can be pushed, and its reference is good for one client', async () => {
    const { url, checks } = await app.request();
    const parameters = new URLSearchParams(url.searchParams);
    const pushed = await openid.buildAuthorizationUrlWithPAR(app.config, parameters);
    assert.ok(
      pushed.searchParams.get('request_uri')?.startsWith('urn:ietf:params:oauth:request_uri:'),
    );
    assert.equal(pushed.searchParams.get('redirect_uri'), null);
    const stolen = new URL(pushed);
    stolen.searchParams.set('client_id', (await world.addClient()).id);
    assert.equal((await newVisitor().open(stolen)).status, 400);
    const visitor = newVisitor();
    const back = await enterPassword(visitor, await visitor.open(pushed), ada);
    assert.equal((await app.redeem({ url, checks }, back)).claims()?.sub, ada.id);
  });

  test('that is pushed is checked at once', async () => {
    const { url } = await app.request({ redirect_uri: 'https://evil.example/' });
    const pushing = openid.buildAuthorizationUrlWithPAR(app.config, url.searchParams);
    await refused(pushing, 'invalid_request');
  });

  test('that the person turns down is answered with access_denied', async () => {
    const visitor = newVisitor();
    const attempt = await app.request();
    const page = await visitor.open(attempt.url);
    const answer = answerOf(await visitor.click(page, /^Cancel/));
    assert.equal(answer.error, 'access_denied');
    assert.equal(answer.state, attempt.checks.expectedState);
  });
});
