import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../oidc/application.ts';
import { openWorld, type World } from '../oidc/world.ts';
import type { Page } from '../support/page.ts';

const registered = 'https://app.example/callback';
const loopback = 'http://127.0.0.1:49152/callback';

/** Addresses that some server, somewhere, took for the registered one. */
const tricks = [
  'https://app.example/callback/',
  'https://app.example/callback/../evil',
  'https://app.example/callback%2f..%2fevil',
  'https://app.example/callback?x=1',
  'https://app.example/callback#x',
  'https://app.example/Callback',
  'https://app.example/call',
  'https://APP.example/callback',
  'HTTPS://app.example/callback',
  'http://app.example/callback',
  'https://app.example:8443/callback',
  'https://app.example:443/callback',
  'https://evil@app.example/callback',
  'https://app.example@evil.example/callback',
  'https://app.example.evil.example/callback',
  'https://evil.example/callback',
  'https://evil.example/https://app.example/callback',
  'https://evil.example?https://app.example/callback',
  'https://evil.example\\@app.example/callback',
  'https://app.example\\.evil.example/callback',
  'https://sub.app.example/callback',
  '//app.example/callback',
  '//evil.example/callback',
  '/callback',
  'callback',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'https://app.example/callback\r\nset-cookie: a=b',
  'https://app.example/callback\u0000',
  ' https://app.example/callback',
  'https://app.example/callback ',
  'http://localhost:49152/callback',
  'http://[::1]:49152/callback',
  'http://127.0.0.1:49152/callback/x',
  'http://127.0.0.1:49153/callback/x',
  'http://127.0.0.1:49153/Callback',
  'http://127.0.0.1:49153/callback?x=1',
  'http://127.0.0.1:49153/callback#x',
  'http://127.0.0.1:49153/x/../callback',
  'http://127.0.0.1:49153//callback',
  'http://127.0.0.1:49153\\callback',
  'http://127.0.0.1:49153',
  'https://127.0.0.1:49153/callback',
  'HTTP://127.0.0.1:49153/callback',
  'http://127.0.0.2:49153/callback',
  'http://127.0.0.1.:49153/callback',
  'http://127.0.0.1.evil.example:49153/callback',
  'http://127.0.0.1:49153@evil.example/callback',
  'http://evil.example@127.0.0.1:49153/callback',
  'http://evil.example:80@127.0.0.1:49153/callback',
  'http://127.0.0.1:evil.example/callback',
  'http://127.0.0.1:/callback',
  'http://127.0.0.1:0/callback',
  'http://127.0.0.1:049153/callback',
  'http://127.0.0.1:70000/callback',
  'http://127.0.0.1:+49153/callback',
  'http://127.0.0.1:49153\t/callback',
  'http://127.0.0.1\n:49153/callback',
  'http://0177.0.0.1:49153/callback',
  'http://[0:0:0:0:0:0:0:1]:49153/callback',
  'http://[::ffff:127.0.0.1]:49153/callback',
  'http://127.1:49152/callback',
  'http://2130706433:49152/callback',
  '*',
  '',
];

const variants: Record<string, string>[] = [{}, { prompt: 'none' }, { response_mode: 'form_post' }];

describe('a redirect URI that is not a registered one', () => {
  let world: World;
  let web: Application;
  let native: Application;
  beforeAll(async () => {
    world = await openWorld();
    web = await Application.of(world, { redirectUris: [registered] });
    native = await Application.of(world, {
      tokenEndpointAuthMethod: 'none',
      redirectUris: [loopback],
    });
  });
  afterAll(() => world.close());

  test('is never gone to, with a page or silently, for web and for native applications', async () => {
    for (const app of [web, native]) {
      for (const redirect_uri of tricks) {
        for (const params of variants) {
          const { url } = await app.request({ redirect_uri, ...params });
          const answer = await newVisitor().fetch(url);
          assert.equal(answer.status, 400, `${redirect_uri} ${JSON.stringify(params)}`);
          assert.equal(answer.headers.location, undefined);
          assertStays(answer);
        }
      }
    }
  });

  test('is not gone to when it is missing or doubled', async () => {
    const missing = (await web.request()).url;
    missing.searchParams.delete('redirect_uri');
    const doubled = (await web.request()).url;
    doubled.searchParams.append('redirect_uri', 'https://evil.example/');
    for (const url of [missing, doubled]) {
      const answer = await newVisitor().fetch(url);
      assert.equal(answer.status, 400);
      assert.equal(answer.headers.location, undefined);
    }
  });

  test('is not accepted for an unknown or disabled client, nor named as a link', async () => {
    const disabled = await Application.of(world, { disabledAt: null });
    await world.database.query('update clients set disabled_at = now() where id = $1', [
      disabled.client.id,
    ]);
    for (const client_id of ['nobody', disabled.client.id, '../x', '<b>']) {
      const { url } = await web.request({ redirect_uri: 'https://evil.example/' });
      url.searchParams.set('client_id', client_id);
      const answer = await newVisitor().fetch(url);
      assert.equal(answer.status, 400);
      assertStays(answer);
    }
  });

  test('is not reached by pushing it, nor beside a pushed request', async () => {
    const { url } = await web.request({ redirect_uri: 'https://evil.example/' });
    const basic = Buffer.from(`${web.client.id}:${web.client.secret}`).toString('base64');
    const push = (body: URLSearchParams) =>
      fetch(`${world.issuer}/par`, {
        method: 'POST',
        body,
        headers: { authorization: `Basic ${basic}` },
      });
    assert.equal((await push(url.searchParams)).status, 400);
    const pushed = await push((await web.request()).url.searchParams);
    const { request_uri } = (await pushed.json()) as { request_uri: string };
    const beside = new URL(`${world.issuer}/auth`);
    beside.search = new URLSearchParams({
      ...{ client_id: web.client.id, request_uri, redirect_uri: 'https://evil.example/' },
    }).toString();
    const visitor = newVisitor();
    const page = await visitor.open(beside);
    const end = page.status === 200 ? await visitor.click(page, /^Cancel/) : page;
    assert.ok(!end.url.hostname.includes('evil'));
  });
});

/** Nothing on the page leads to another host, by itself or by a press. */
function assertStays(page: Page): void {
  for (const element of page.document.querySelectorAll('[href], [action], [formaction]')) {
    for (const name of ['href', 'action', 'formaction']) {
      const target = element.getAttribute(name);
      if (target) assert.equal(new URL(target, page.url).origin, page.url.origin, target);
    }
  }
  assert.ok(!page.has('script:not([src]), meta[http-equiv=refresh]'));
}
