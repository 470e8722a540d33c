import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../oidc/application.ts';
import { openWorld, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import { codeIn } from '../support/mail.ts';
import type { Page } from '../support/page.ts';

const formType = 'application/x-www-form-urlencoded';

describe('input that no form of ours would send', () => {
  let world: World;
  let app: Application;
  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world);
  });
  afterAll(() => world.close());

  const begin = async (visitor: Visitor, params: Record<string, string> = {}) =>
    visitor.open((await app.request(params)).url);

  let people = 0;
  async function upToProfile(visitor: Visitor): Promise<{ page: Page; email: string }> {
    people += 1;
    const email = `input${people}@mail.example`;
    const code = await visitor.submit(await begin(visitor, { prompt: 'create' }), { email });
    const mail = await world.service.mailbox.waitForMail(email);
    return { page: await visitor.submit(code, { code: codeIn(mail) }), email };
  }

  test('is refused when it is too large, wherever it is posted', async () => {
    const visitor = newVisitor();
    const { url } = await begin(visitor);
    const body = `email=${'a'.repeat(200_000)}`;
    for (const target of [
      url.href,
      ...['token', 'par', 'introspection', 'revocation', 'auth', 'device', 'device/auth'].map(
        (path) => `${world.issuer}/${path}`,
      ),
    ]) {
      const answer = await post(target, body, formType);
      assert.ok(answer.status >= 300 && answer.status < 500, `${target}: ${answer.status}`);
    }
    assert.equal((await visitor.open(url)).status, 200, 'the service goes on');
  });

  test('is refused when it is no form', async () => {
    const visitor = newVisitor();
    const { url } = await begin(visitor);
    for (const [type, body] of [
      ['application/json', '{"email":"a@mail.example"}'],
      ['multipart/form-data; boundary=x', '--x\r\n\r\n--x--'],
      ['text/plain', 'email=a@mail.example'],
      ['', 'email=a@mail.example'],
    ]) {
      const headers = {
        ...(type ? { 'content-type': type } : {}),
        cookie: visitor.cookies.headerFor(url),
      };
      const answer = await fetch(url, { method: 'POST', body: Buffer.from(body ?? ''), headers });
      assert.equal(answer.status, 415, type);
    }
  });

  test('causes no fault of ours: bytes that are no UTF-8, broken escapes, NUL, odd names', async () => {
    const visitor = newVisitor();
    const page = await begin(visitor);
    const bodies = [
      'email=%ff%fe&password=%c3%28',
      'email=%&password=%zz',
      'email=a%00b%40mail.example&password=x',
      'email=ada%00&password=x%00y',
      '__proto__=1&constructor=2&toString=3&email=x',
      'email[]=a&email[$ne]=b',
      'email=a&email=b&email=c',
      `email=${'%F0%9F%98%80'.repeat(60)}&password=x`,
      `email=${'a'.repeat(400)}&password=${'b'.repeat(2000)}`,
      '&&&===;;;',
      '',
    ];
    for (const step of [
      '',
      '/sign-up',
      '/recovery',
      '/code',
      '/profile',
      '/community',
      '/accounts',
    ]) {
      for (const body of bodies) {
        const answer = await visitor.fetch(`${page.url.href}${step}`, {
          ...{ method: 'POST', body, headers: { 'content-type': formType } },
        });
        assert.ok(answer.status < 500, `${step || '/'} ${body.slice(0, 60)}: ${answer.status}`);
      }
    }
  });

  test('causes no fault of ours in an authorization request', async () => {
    for (const params of [
      { login_hint: 'a\u0000b' },
      { state: 'a\u0000b', nonce: '\u0000' },
      { tenant: '\u0000' },
      { tenant: '\ud800' },
      { ui_locales: '\u0000 de-\u0000 ../../etc/passwd' },
      { claims: '{"id_token":' },
      { claims: `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}` },
      { claims: '{"id_token":{"__proto__":{"x":1},"constructor":null}}' },
      { claims: '[]' },
      { claims: '{"id_token":{"sub":{"value":"\\u0000"}}}' },
      { claims: '{"id_token":{"acr":{"values":["\\ud800"]}}}' },
      { client_id: '\u0000' },
      { response_mode: 'form_post', state: '\u0000' },
      { max_age: '-1' },
      { max_age: '99999999999999999999' },
      { max_age: 'x' },
      { scope: `openid ${'x'.repeat(2000)}` },
      { scope: '' },
      { prompt: 'none login' },
      { prompt: 'x' },
      { acr_values: '\u0000' },
      { login_hint: 'x'.repeat(5000) },
      { request: 'e30.e30.' },
      { request_uri: 'http://127.0.0.1:1/' },
      { id_token_hint: 'e30.e30.' },
      { code_challenge: '\u0000' },
    ] as Record<string, string>[]) {
      const answer = await newVisitor().open((await app.request(params)).url);
      assert.ok(answer.status < 500, `${JSON.stringify(params).slice(0, 80)}: ${answer.status}`);
      if (answer.status === 0) {
        assert.notEqual(
          answer.url.searchParams.get('error'),
          'server_error',
          JSON.stringify(params),
        );
      }
    }
  });

  test('causes no fault of ours at the endpoints of applications', async () => {
    const basic = Buffer.from(`${app.client.id}:${app.client.secret}`).toString('base64');
    for (const [path, body] of [
      ['token', 'grant_type=authorization_code&code=%00&redirect_uri=x&code_verifier=y'],
      ['token', 'grant_type=refresh_token&refresh_token=%00'],
      ['token', 'grant_type=%00'],
      ['token', 'grant_type=refresh_token&refresh_token=row~x~y'],
      ['introspection', 'token=%00'],
      ['introspection', `token=${'x'.repeat(20_000)}`],
      ['revocation', 'token=%00'],
      ['par', 'client_id=%00'],
      ['device/auth', 'scope=%00'],
    ]) {
      const answer = await fetch(`${world.issuer}/${path}`, {
        method: 'POST',
        body: body ?? '',
        headers: { 'content-type': formType, authorization: `Basic ${basic}` },
      });
      assert.ok(answer.status < 500, `${path} ${body}: ${answer.status}`);
    }
    for (const authorization of [
      'Basic !!!',
      'Basic ',
      `Basic ${btoa('\u0000:\u0000')}`,
      'Bearer \u00ff',
    ]) {
      const answer = await fetch(`${world.issuer}/token`, {
        ...{ method: 'POST', body: 'grant_type=refresh_token&refresh_token=x' },
        headers: { 'content-type': formType, authorization },
      });
      assert.ok(answer.status >= 400 && answer.status < 500, `${authorization}: ${answer.status}`);
    }
    for (const token of ['', 'x', '\u00ff', 'row~a~b', 'x'.repeat(8000)]) {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${world.issuer}/userinfo`, { headers });
      assert.ok(
        answer.status >= 400 && answer.status < 500,
        `${token.slice(0, 9)}: ${answer.status}`,
      );
    }
  });

  test('sets nothing that the form does not ask for (mass assignment)', async () => {
    const visitor = newVisitor();
    const { page, email } = await upToProfile(visitor);
    const form = page.fill({ name: 'Eve', handle: 'eve.assigns' });
    const extra = {
      ...{
        id: '00000000-0000-4000-8000-000000000000',
        accountId: 'x',
        sub: 'x',
        status: 'disabled',
      },
      ...{ role: 'admin', roles: 'admin', 'roles[]': 'admin', groups: 'staff', admin: 'true' },
      ...{ email: 'other@mail.example', emailKey: 'other@mail.example', emailVerified: 'false' },
      ...{ tenantId: 'x', matrixAccess: 'revoked', platformUserId: '1', platform_slug: 'root' },
      ...{
        picture: 'https://evil.example/x.png',
        locale: 'xx',
        password_hash: 'x',
        termsVersion: 'x',
      },
    };
    for (const [name, value] of Object.entries(extra)) form.fields.append(name, value);
    await visitor.send(form, page);
    const [account] = await world.database.query<Record<string, unknown>>(
      `select name, email, email_verified, status, roles, groups, picture, locale, matrix_access,
        platform_user_id, platform_slug, password_hash, tenant_id from accounts
        where email_key = $1`,
      [email],
    );
    assert.deepEqual(account, {
      ...{ name: 'Eve', email, email_verified: true, status: 'active', roles: [], groups: [] },
      ...{ picture: null, locale: 'en', matrix_access: 'active', platform_user_id: null },
      ...{ platform_slug: null, password_hash: null, tenant_id: world.defaultTenantId },
    });
  });

  test('makes no handle that looks like another, or that cannot be typed', async () => {
    const visitor = newVisitor();
    const { page } = await upToProfile(visitor);
    for (const handle of [
      ...['admin', 'ADMIN', 'adm1n', 'rnoderator', 'r00t', 'support', 'a.d.m.i.n', 'openmeet'],
      ...['\u0430dmin', 'a\u200bda', 'ada\u202eadmin', 'ad\u0301a', 'ada\u0301'],
      ...['ada lovelace', 'ada@x', 'ada:x', '../ada', 'ada/x', '-ada', 'ada-', 'a--b', 'a'],
      ...['x'.repeat(31), '1ada', '<b>ada'],
    ]) {
      const answer = await visitor.submit(page, { name: 'Eve', handle });
      if (answer.url.pathname.endsWith('/password'))
        assert.fail(`${JSON.stringify(handle)} was taken`);
      assert.ok(answer.status === 422 || answer.status === 400, `${handle}: ${answer.status}`);
    }
  });

  test('takes the invisible and the right-to-left out of names', async () => {
    const visitor = newVisitor();
    const { page, email } = await upToProfile(visitor);
    const unseen = await visitor.submit(page, { name: '\u200d\u2060 \u0301', handle: 'eve.hides' });
    assert.ok(unseen.has('[name=name][aria-invalid=true]'), 'a name must have something to see');
    const name = '\u202eevE\u202c\u2066\u200e\u0000\u0007\u001b[31m Ada\nBcc: x\u2028y';
    await visitor.submit(page, { name, handle: 'eve.hides' });
    const [account] = await world.database.query<{ name: string }>(
      'select name from accounts where email_key = $1',
      [email],
    );
    assert.ok(account);
    assert.ok(!/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/u.test(account.name), account.name);
  });
});

function post(url: string, body: string, type: string): Promise<{ status: number }> {
  const headers = { 'content-type': type };
  return fetch(url, { method: 'POST', body, headers, redirect: 'manual' }).catch(() => ({
    // The connection is closed on whoever goes on sending.
    status: 413,
  }));
}
