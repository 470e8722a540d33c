import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Visitor } from '../../support/forms.ts';
import { type Line, layLine } from '../../support/line.ts';
import { type TestDatabase, testDatabase } from '../../support/postgres.ts';
import { type Service, startService } from '../../support/service.ts';
import { until } from '../../support/until.ts';

let database: TestDatabase;
let line: Line;
let service: Service;
let authorization: string;
const callback = 'https://app.example/callback';
const secret = 'a-secret-of-more-than-thirty-two-characters';

const request = {
  client_id: 'app',
  response_type: 'code',
  scope: 'openid',
  redirect_uri: callback,
  state: 's',
  code_challenge: 'E9Melhoa2OwvFrEGm0G8lWq6FQ5eJ8lZ4uJ1JjZ0q9w',
  code_challenge_method: 'S256',
};

beforeAll(async () => {
  database = await testDatabase();
  line = await layLine(database.url);
  service = await startService({ databaseUrl: line.url });
  await service.cli(
    ...['clients', 'add', '--id', 'app', '--secret', secret, '--redirect-uri', callback],
  );
  authorization = `/oidc/auth?${new URLSearchParams(request)}`;
});
afterAll(async () => {
  await service.stop();
  await database.drop();
});

const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const basic = `Basic ${Buffer.from(`app:${secret}`).toString('base64')}`;

describe('while the database is away', () => {
  /** Of a sign-in that had begun. */
  let visitor: Visitor;
  let interaction: string;

  beforeAll(async () => {
    visitor = new Visitor();
    interaction = (await visitor.open(service.url + authorization)).url.href;
    await line.cut();
    const { port } = new URL(service.url);
    await until(async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).status === 503, {
      what: 'the end of the database',
    });
  });

  const pages = ['/', '/account', '/oidc/session/end', '/oidc/device?user_code=BCDF'];
  for (const path of pages) {
    test(`a person sees a page of ours at ${path}`, async () => {
      const page = await visitor.open(service.url + path);
      assert.equal(page.status, 503, page.body);
      assert.equal(page.heading, 'Back in a moment');
      assert.ok(Number(page.headers['retry-after']) > 0);
      assert.match(page.headers['content-type'] ?? '', /^text\/html/);
      assert.ok(page.headers['content-security-policy']);
      assert.match(page.text, /Reference [0-9a-f-]{36}/);
    });
  }

  test('a person who was signing in sees it, and may try again at the same address', async () => {
    const page = await visitor.open(interaction);
    assert.equal(page.status, 503);
    assert.equal(page.link('Try again').href, interaction);
  });

  test('a request of an application is answered by our page, or at the application by the code for that', async () => {
    const answer = await fetch(service.url + authorization, { headers: html, redirect: 'manual' });
    const location = answer.headers.get('location');
    if (location) {
      assert.equal(new URL(location).searchParams.get('error'), 'temporarily_unavailable');
    } else {
      assert.equal(answer.status, 503);
      assert.match(await answer.text(), /<h1><bdi>Back in a moment/);
      assert.ok(Number(answer.headers.get('retry-after')) > 0);
    }
  });

  test('the page speaks the language of the person', async () => {
    const headers = { ...html, 'accept-language': 'de-AT' };
    for (const path of ['/', '/oidc/session/end']) {
      const answer = await fetch(service.url + path, { headers });
      assert.equal(answer.status, 503);
      assert.equal(answer.headers.get('content-language'), 'de');
      assert.match(await answer.text(), /Gleich wieder da/);
    }
  });

  test('the page has its style without the database', async () => {
    const answer = await fetch(service.url, { headers: html });
    const sheet = /href="(\/assets\/pages[^"]+)"/.exec(await answer.text())?.[1];
    assert.equal((await fetch(service.url + sheet)).status, 200);
  });

  const form = 'application/x-www-form-urlencoded';
  const calls: [path: string, init: RequestInit][] = [
    [
      '/oidc/token',
      {
        method: 'POST',
        headers: { authorization: basic, 'content-type': form },
        body: `grant_type=authorization_code&code=x&redirect_uri=${encodeURIComponent(callback)}&code_verifier=${'v'.repeat(43)}`,
      },
    ],
    [
      '/oidc/introspection',
      { method: 'POST', headers: { authorization: basic, 'content-type': form }, body: 'token=x' },
    ],
    [
      '/oidc/par',
      {
        method: 'POST',
        headers: { authorization: basic, 'content-type': form },
        body: `${new URLSearchParams(request)}`,
      },
    ],
    ['/oidc/userinfo', { headers: { authorization: `Bearer ${'x'.repeat(43)}` } }],
    ['/internal/accounts', { headers: { authorization: `Bearer ${'x'.repeat(43)}` } }],
    ['/', { headers: { accept: 'application/json' } }],
  ];
  for (const [path, init] of calls) {
    test(`a program is told by a code that stays, at ${path} as ${init.method ?? 'GET'}`, async () => {
      const answer = await fetch(service.url + path, init);
      const said = await answer.text();
      assert.equal(answer.status, 503, said);
      assert.equal(JSON.parse(said).error, 'temporarily_unavailable');
      assert.ok(Number(answer.headers.get('retry-after')) > 0);
    });
  }

  test('the log says why', () => {
    assert.match(service.logs(), /"msg":"temporarily_unavailable"/);
    assert.match(service.logs(), /ECONNREFUSED|Connection terminated/);
  });

  test('and all goes on where it was when it is back', async () => {
    await line.mend();
    const page = await until(
      async () => {
        const found = await visitor.open(interaction);
        return found.status === 200 ? found : undefined;
      },
      { what: 'the sign-in' },
    );
    assert.match(page.heading, /Sign in/);
  });
});
