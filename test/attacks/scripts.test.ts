import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, enterPassword, newVisitor } from '../oidc/application.ts';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import { codeIn } from '../support/mail.ts';
import type { Page } from '../support/page.ts';

/** Breaks out of text, attributes, scripts, styles and comments, where nothing is escaped. */
const evil = `"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}<%= 7*7 %>--></style>`;

/** The one line of the library's forms that send themselves; the policy names its hash. */
const submitsItself =
  "document.addEventListener('DOMContentLoaded', function () { document.forms[0].submit() });";

describe('markup in what people and applications say', () => {
  let world: World;
  let app: Application;
  let mallory: Person;
  beforeAll(async () => {
    world = await openWorld();
    const tenant = await world.addTenant({ slug: 'evil' });
    await world.database.query(
      'update tenants set name = $2, branding = $3, terms = $4 where id = $1',
      [
        tenant.id,
        `Evil ${evil}`,
        { name: `Brand ${evil}`, links: { home: `https://x.example/${evil}` } },
        { version: evil, termsUrl: 'javascript:alert(1)', privacyUrl: `data:text/html,${evil}` },
      ],
    );
    app = await Application.of(world, {
      ...{ name: `App ${evil}`, firstParty: false, tenantIds: [tenant.id] },
    });
    mallory = await world.addPerson({ name: `Mallory ${evil}`, tenantId: tenant.id });
    await world.database.query('update accounts set picture = $2 where id = $1', [
      mallory.id,
      `javascript:alert(1)${evil}`,
    ]);
  });
  afterAll(() => world.close());

  const begin = async (visitor: Visitor, params: Record<string, string> = {}) =>
    visitor.open((await app.request(params)).url);

  test('stays text on the pages of a sign-in: brand, application, name, login_hint', async () => {
    const visitor = newVisitor();
    const signIn = await begin(visitor, { login_hint: evil, ui_locales: evil });
    const consent = await enterPassword(visitor, signIn, mallory);
    const again = await begin(visitor, { prompt: 'login' });
    const chooser = await begin(visitor, { prompt: 'select_account' });
    const signUp = await begin(newVisitor(), {
      prompt: 'create',
      login_hint: `a@b.example${evil}`,
    });
    for (const page of [signIn, consent, again, chooser, signUp]) assertInert(page);
    assert.ok(consent.text.includes('<script>alert(1)</script>'), 'it is shown as it is written');
  });

  test('stays text when it comes back with an error beside it', async () => {
    const visitor = newVisitor();
    const page = await begin(visitor);
    assertInert(await visitor.submit(page, { email: evil, password: evil }));
    const code = await visitor.submit(page, { email: mallory.email }, { button: /code/i });
    assertInert(code);
    assertInert(await visitor.submit(code, { code: evil.slice(0, 40) }));
    assertInert(
      await visitor.submit(await begin(newVisitor(), { prompt: 'create' }), { email: evil }),
    );
  });

  test('stays text in the errors of the provider', async () => {
    const visitor = newVisitor();
    const encoded = encodeURIComponent(evil);
    for (const path of [
      `/oidc/auth?client_id=${encoded}`,
      `/oidc/auth?client_id=${app.client.id}&redirect_uri=${encoded}`,
      `/oidc/auth?client_id=${app.client.id}&redirect_uri=x&error=${encoded}&error_description=${encoded}`,
      `/oidc/session/end?id_token_hint=${encoded}`,
      `/oidc/session/end?client_id=${encoded}`,
      `/oidc/device?user_code=${encoded}`,
      `/oidc/session/end/success?client_id=${encoded}`,
      `/interaction/${encoded}`,
      `/${encoded}`,
      `/?lang=${encoded}`,
      `/recover?token=${encoded}`,
    ]) {
      const page = await visitor.open(`${world.url}${path}`);
      assert.ok(page.status < 500, `${path}: ${page.status}`);
      assertInert(page);
    }
  });

  test('stays text when signing out', async () => {
    const visitor = newVisitor();
    const consent = await enterPassword(visitor, await begin(visitor), mallory);
    await visitor.submit(consent);
    assertInert(await visitor.open(`${world.issuer}/session/end?client_id=${app.client.id}`));
    assertInert(
      await visitor.open(`${world.issuer}/session/end/success?client_id=${app.client.id}`),
    );
  });

  test('stays text in mail, and starts no header of its own', async () => {
    const visitor = newVisitor({ headers: { 'user-agent': `${evil}\tX` } });
    await visitor.submit(await begin(visitor), { email: mallory.email }, { button: /code/i });
    const mail = await world.service.mailbox.waitForMail(mallory.email);
    assert.ok(!mail.html?.includes('<script>') && !mail.html?.includes('<img src=x'), mail.html);
    assert.ok(!/javascript:/.test(mail.html ?? ''));
    const names = mail.headers.map(({ key }) => key);
    assert.equal(new Set(names).size, names.length);
  });

  test('stays text in the documents that a sign-up asks to accept', async () => {
    const visitor = newVisitor();
    const page = await begin(visitor, { prompt: 'create' });
    const code = await visitor.submit(page, { email: 'terms@mail.example' });
    const mail = await world.service.mailbox.waitForMail('terms@mail.example');
    const profile = await visitor.submit(code, { code: codeIn(mail) });
    assert.ok(profile.has('[name=terms]'));
    assertInert(profile);
    assertInert(await visitor.submit(profile, { name: evil, handle: evil }));
  });

  test('would not run either: the policy knows no inline code', async () => {
    const page = await begin(newVisitor());
    const policy = String(page.headers['content-security-policy']);
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.ok(!/unsafe|\*|data:.*script/.test(policy), policy);
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
  });
});

function assertInert(page: Page): void {
  const { document } = page;
  for (const script of document.querySelectorAll('script')) {
    const source = script.getAttribute('src');
    if (source) assert.match(source, /^\/assets\//);
    else assert.equal(script.textContent.trim(), submitsItself, `inline code at ${page.url.href}`);
  }
  for (const element of document.querySelectorAll('*')) {
    for (const [name, value] of Object.entries(element.attributes)) {
      assert.ok(!/^on/i.test(name), `${name} at ${page.url.href}`);
      if (/^(href|src|action|formaction)$/i.test(name)) {
        assert.ok(!/^\s*(javascript|data:text|vbscript)/i.test(value), `${name}=${value}`);
      }
    }
  }
  assert.ok(!page.body.includes('<img src=x'), `markup at ${page.url.href}`);
  assert.ok(!/\b49\b/.test(page.text.replaceAll('7*7', '')), 'a template was evaluated');
}
