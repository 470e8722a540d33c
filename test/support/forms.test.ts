import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Visitor } from './forms.ts';

const form = `<title>Sign in</title><h1>Sign &amp; in</h1><form action="/in?x=1" method="post">
<input type="hidden" name="csrf" value="a&amp;b"><input name="email" value="old">
<input type="checkbox" name="remember" value="1" checked>
<button name="way" value="code">Email me a code</button><button>Sign in</button></form>`;

describe('a visitor without scripts', () => {
  const server = createServer(async (incoming, outgoing) => {
    const body = await text(incoming);
    if (incoming.url === '/form') {
      outgoing.setHeader('set-cookie', [
        'a=1; Path=/; HttpOnly',
        'b=2; Path=/in',
        'c=3; Max-Age=0',
      ]);
      outgoing.end(form);
    } else if (incoming.url === '/away') {
      outgoing.writeHead(303, { location: 'http://127.0.0.1:1/callback?code=1' }).end();
    } else if (incoming.url?.startsWith('/in')) {
      received = { headers: incoming.headers, body };
      outgoing.writeHead(303, { location: '/away' }).end();
    }
  });
  let received: { headers: IncomingMessage['headers']; body: string } | undefined;
  let url = '';

  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  test('fills in forms, keeps cookies and stops where it is told to', async () => {
    const visitor = new Visitor({ stopAt: ({ pathname }) => pathname === '/callback' });
    const page = await visitor.open(`${url}/form`);
    assert.equal(page.heading, 'Sign & in');
    assert.equal(page.value('csrf'), 'a&b');
    const end = await visitor.submit(page, { email: 'me@x.org' }, { button: 'code' });
    assert.equal(end.url.searchParams.get('code'), '1');
    assert.equal(received?.body, 'csrf=a%26b&email=me%40x.org&remember=1&way=code');
    assert.equal(received?.headers.cookie, 'b=2; a=1');
    assert.equal(received?.headers.origin, url);
    assert.equal(received?.headers['sec-fetch-site'], 'same-origin');
  });

  test('says what is missing on a page', async () => {
    const visitor = new Visitor();
    const page = await visitor.open(`${url}/form`);
    assert.throws(() => page.link('Google'), /No link Google on .*Sign & in/);
    assert.throws(() => page.fill({ handle: 'x' }), /No form with handle/);
  });
});
