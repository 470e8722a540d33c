import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { readAutoSubmitForm } from '../../../src/oidc/auto-submit-forms.ts';
import { Application, answerOf, enterPassword, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';
import type { Page } from '../../support/page.ts';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

describe('two people at one browser', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  let ben: Person;
  beforeAll(async () => {
    world = await openWorld();
    const grantTypes = ['authorization_code', 'refresh_token', deviceGrant];
    const backchannelLogoutUri = 'http://127.0.0.1:9/backchannel_logout';
    app = await Application.of(world, { grantTypes, backchannelLogoutUri });
    [ada, ben] = await Promise.all([
      world.addPerson({ name: 'Ada' }),
      world.addPerson({ name: 'Ben' }),
    ]);
  });
  afterAll(() => world.close());

  /** Both tabs show the sign-in page; Ada is first to send hers. */
  async function twoTabs() {
    const visitor = newVisitor();
    const [first, second] = [await app.request(), await app.request()];
    const pages = [await visitor.open(first.url), await visitor.open(second.url)] as const;
    const tokens = await app.redeem(first, await enterPassword(visitor, pages[0], ada));
    return { visitor, tokens, second, page: pages[1] };
  }

  /** Ada is signed in and has a page open, then Ben signs in in another tab. */
  async function benComesToo(visitor: Visitor): Promise<void> {
    const attempt = await app.request({ prompt: 'login' });
    const page = await visitor.click(await visitor.open(attempt.url), /Not you/);
    await app.redeem(attempt, await enterPassword(visitor, page, ben));
  }

  async function silent(visitor: Visitor, params: Record<string, string> = {}) {
    const attempt = await app.request({ prompt: 'none', ...params });
    return { attempt, answer: await visitor.open(attempt.url) };
  }

  test('both reach the application, whoever signed in first in another tab', async () => {
    const { visitor, tokens, second, page } = await twoTabs();
    assert.equal(tokens.claims()?.sub, ada.id);
    const arrived = await app.redeem(second, await enterPassword(visitor, page, ben));
    assert.equal(arrived.claims()?.sub, ben.id);
  });

  test('the first one stays signed in at the application, and can be chosen again', async () => {
    const { visitor, tokens, second, page } = await twoTabs();
    await app.redeem(second, await enterPassword(visitor, page, ben));
    assert.equal((await app.userinfo(tokens)).sub, ada.id);
    const attempt = await app.request({ prompt: 'select_account' });
    const chooser = await visitor.open(attempt.url);
    const back = await visitor.submit(chooser, {}, { button: /Ada/ });
    assert.equal((await app.redeem(attempt, back)).claims()?.sub, ada.id);
  });

  test('a silent request does not answer as whichever of the two came last', async () => {
    const { visitor, tokens, second, page } = await twoTabs();
    const arrived = await app.redeem(second, await enterPassword(visitor, page, ben));
    const { answer } = await silent(visitor);
    assert.equal(answerOf(answer).error, 'account_selection_required');
    const asAda = await silent(visitor, { id_token_hint: String(tokens.id_token) });
    assert.equal(answerOf(asAda.answer).error, 'login_required');
    const asBen = await silent(visitor, { id_token_hint: String(arrived.id_token) });
    assert.equal((await app.redeem(asBen.attempt, asBen.answer)).claims()?.sub, ben.id);
  });

  test('a silent request is answered where the other one never used the application', async () => {
    const other = await Application.of(world);
    const { visitor, second, page } = await twoTabs();
    await app.redeem(second, await enterPassword(visitor, page, ben));
    const attempt = await other.request();
    await other.redeem(attempt, await visitor.open(attempt.url));
    const again = await other.request({ prompt: 'none' });
    assert.ok(answerOf(await visitor.open(again.url)).code);
  });

  test('a page of a sign-in says who is signed in now, and goes on as them', async () => {
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    const attempt = await app.request({ prompt: 'consent' });
    const consent = await visitor.open(attempt.url);
    await benComesToo(visitor);
    for (const page of [await visitor.submit(consent), await visitor.open(consent.url)]) {
      assert.equal(page.status, 409);
      assert.match(page.heading, /signed in as Ben/);
    }
    const mine = await visitor.click(await visitor.open(consent.url), 'Continue as Ben');
    assert.match(mine.text, /Ben/);
    const tokens = await app.redeem(attempt, await visitor.submit(mine));
    assert.equal(tokens.claims()?.sub, ben.id);
  });

  test('a page of a sign-in leads back to the first one, too', async () => {
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    const attempt = await app.request({ prompt: 'consent' });
    const consent = await visitor.open(attempt.url);
    await benComesToo(visitor);
    const chooser = await visitor.click(await visitor.submit(consent), /another account/);
    const mine = await visitor.submit(chooser, {}, { button: /Ada/ });
    const tokens = await app.redeem(attempt, await visitor.submit(mine));
    assert.equal(tokens.claims()?.sub, ada.id);
  });

  test('a page of a sign-in says so where nobody is signed in any more', async () => {
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    const attempt = await app.request({ prompt: 'consent' });
    const consent = await visitor.open(attempt.url);
    await visitor.submit(await visitor.open(`${world.issuer}/session/end`));
    const page = await visitor.submit(consent);
    assert.equal(page.status, 409);
    assert.match(page.heading, /signed out/);
    const signIn = await visitor.click(page, /Sign in again/);
    const mine = await enterPassword(visitor, signIn, ada);
    const tokens = await app.redeem(attempt, await visitor.submit(mine));
    assert.equal(tokens.claims()?.sub, ada.id);
  });

  test('a form of the account page that the first one left open changes nothing of the other’s', async () => {
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    const account = await visitor.open(`${world.url}/account`);
    const password = await visitor.open(`${world.url}/account/password`);
    const removal = await visitor.open(`${world.url}/account/delete`);
    await benComesToo(visitor);
    const sent: [Page, Record<string, string>][] = [
      [account, { name: 'Mallory' }],
      [password, { current: ada.password, password: 'purple-lantern-93' }],
      [removal, { handle: ben.handle }],
    ];
    for (const [page, values] of sent) {
      const answer = await visitor.submit(page, values);
      assert.equal(answer.status, 409, page.url.pathname);
      assert.match(answer.heading, /signed in as Ben/);
      const now = await visitor.click(answer, 'Continue as Ben');
      assert.equal(now.value('name'), 'Ben');
    }
  });

  test('every form of the account page says whose it is', async () => {
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    for (const path of ['', '/email', '/password', '/ways', '/delete', '/merge']) {
      const page = await visitor.open(`${world.url}/account${path}`);
      assert.equal(page.status, 200, path);
      const forms = page.document.querySelectorAll('form[method=post]');
      assert.ok(forms.length > 0, path);
      for (const form of forms) {
        const owner = form.querySelector('[name=owner]')?.getAttribute('value');
        assert.equal(owner, ada.id, `${path} ${form.getAttribute('action')}`);
      }
    }
  });

  test('a device is not connected to whoever signed in after its code was typed', async () => {
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    const started = await openid.initiateDeviceAuthorization(app.config, { scope: 'openid' });
    const page = await visitor.open(`${world.issuer}/device`);
    const confirm = await visitor.submit(page, { user_code: started.user_code });
    await benComesToo(visitor);
    const answer = await visitor.submit(confirm);
    assert.equal(answer.status, 422);
    assert.match(answer.text, /signed in .* other tab|once more/);
    const again = await visitor.submit(answer, { user_code: started.user_code });
    assert.match(again.text, /Ben/);
  });
});

describe('a page that the OpenID library makes by itself', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    const grantTypes = ['authorization_code', deviceGrant];
    app = await Application.of(world, { name: 'Acme & Söhne', grantTypes });
    ada = await world.addPerson();
  });
  afterAll(() => world.close());

  function assertOurs(page: Page, target?: string): void {
    assert.equal(page.status, 200);
    const policy = String(page.headers['content-security-policy']);
    assert.match(policy, /script-src 'self'(;|$)/, 'no script of the library');
    const form = target ? `form-action 'self' ${target}(;|$)` : "form-action 'self'(;|$)";
    assert.match(policy, new RegExp(form));
    assert.ok(page.has('link[href*="/assets/pages."]'));
    assert.ok(page.has('script[src*="/assets/auto-submit."]'));
    assert.ok(page.has('button[type=submit]'), 'a button that does not need a script');
    assert.equal(page.headers['cache-control'], 'no-store');
  }

  test('is ours where an answer is posted to the application', async () => {
    const visitor = newVisitor();
    const state = `"><script>&amp; 'ü`;
    const attempt = await app.request({ response_mode: 'form_post', state, ui_locales: 'de' });
    const page = await enterPassword(visitor, await visitor.open(attempt.url), ada);
    assertOurs(page, 'https://app\\.example');
    assert.equal(page.document.querySelector('html')?.getAttribute('lang'), 'de');
    assert.equal(page.heading, 'Zurück zu Acme & Söhne');
    const { url, fields } = page.fill({});
    assert.equal(fields.get('state'), state);
    const answer = new URL(`${url}?${fields}`);
    attempt.checks.expectedState = state;
    assert.equal((await app.redeem(attempt, answer)).claims()?.sub, ada.id);
  });

  test('is ours where an error is posted to it', async () => {
    const attempt = await app.request({ response_mode: 'form_post', prompt: 'none' });
    const page = await newVisitor().open(attempt.url);
    assertOurs(page, 'https://app\\.example');
    assert.equal(page.value('error'), 'login_required');
    assert.equal(page.value('state'), attempt.checks.expectedState);
  });

  test('is ours where a device’s code came with the address', async () => {
    const started = await openid.initiateDeviceAuthorization(app.config, { scope: 'openid' });
    const visitor = newVisitor();
    const page = await visitor.open(String(started.verification_uri_complete));
    assertOurs(page);
    assert.match((await visitor.submit(page)).text, new RegExp(started.user_code));
  });

  test('is ours where nobody is signed in who could sign out', async () => {
    const url = openid.buildEndSessionUrl(app.config, {
      post_logout_redirect_uri: 'https://app.example/signed-out',
    });
    const visitor = newVisitor();
    const page = await visitor.open(url);
    assertOurs(page, 'https://app\\.example');
    assert.equal((await visitor.submit(page)).url.href, 'https://app.example/signed-out');
  });

  test('is refused where its form is not understood', () => {
    assert.throws(() => readAutoSubmitForm('<form method="POST" action="/x"></form>'));
    assert.throws(() =>
      readAutoSubmitForm(
        '<form method="post" action="/x"><input type="text" name="a" value="b"/></form>',
      ),
    );
  });
});
