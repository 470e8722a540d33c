import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../../oidc/application.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import { addMachine, call, tokenOf } from '../../platform/api.ts';
import { Page } from '../../support/page.ts';
import { askRaw } from '../../support/raw-request.ts';

const levels = 100_000;
const deep = (depth = levels) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('what nobody means to send', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world?.close());

  test('gets an error page that leads to no other host', async () => {
    const { port } = new URL(world.url);
    for (const path of [
      '//evil.example/x',
      '///evil.example',
      '//evil.example/?next=//evil.example',
    ]) {
      const answer = await askRaw(world.url, path, { headers: { accept: 'text/html' } });
      assert.equal(answer.status, 404);
      const { document } = new Page(new URL(world.url + path), 404, {}, answer.body);
      const targets = document
        .querySelectorAll('[href], [src], [action]')
        .flatMap((element) => ['href', 'src', 'action'].map((name) => element.getAttribute(name)))
        .filter((target) => target !== undefined);
      assert.ok(
        targets.some((target) => target.includes('lang=de')),
        targets.join(),
      );
      for (const target of targets) {
        assert.equal(new URL(target, world.url + path).host, `127.0.0.1:${port}`, target);
      }
    }
    const visitor = newVisitor();
    const page = await visitor.open(`${world.url}//evil.example/x`);
    const german = await visitor.click(page, 'Deutsch');
    assert.equal(german.url.href, `${world.url}//evil.example/x`);
    assert.equal(german.heading, 'Seite nicht gefunden');
  });

  test('is refused where it is nested without end, with or without a key for repeating', async () => {
    const client = await addMachine(world, {
      scopes: ['events:write', 'accounts:write'],
      tenantIds: [world.defaultTenantId],
    });
    const token = await tokenOf(world, client);
    const bodies = [
      `{"events":[${deep()}]}`,
      `{"a":${deep()}}`,
      deep(),
      `{"tenantId":${deep(8000)}}`,
    ];
    for (const path of ['/events', '/accounts/c0ffee00-0000-4000-8000-000000000000']) {
      for (const [index, body] of bodies.entries()) {
        for (const key of [{}, { 'idempotency-key': `deep-${index}` }]) {
          const answer = await fetch(`${world.url}/internal${path}`, {
            method: path === '/events' ? 'POST' : 'PATCH',
            headers: {
              authorization: `Bearer ${token}`,
              'content-type': 'application/json',
              ...key,
            },
            body,
          });
          assert.ok([400, 404, 405, 413].includes(answer.status), `${path}: ${answer.status}`);
        }
      }
    }
    const { status } = await call(world, '/events', {
      token,
      method: 'POST',
      body: { events: [] },
    });
    assert.equal(status, 200, 'the service goes on');
  });

  test('is refused in a parameter of a sign-in as well', async () => {
    const app = await Application.of(world);
    for (const value of [`{"value":${deep(5000)}}`, `{"values":${deep(3000)}}`]) {
      const claims = `{"id_token":{"email":${value}}}`;
      const { url } = await app.request({ claims });
      const pushed = await fetch(`${world.issuer}/par`, {
        method: 'POST',
        body: url.searchParams,
        headers: { authorization: `Basic ${btoa(`${app.client.id}:${app.client.secret}`)}` },
      });
      assert.equal(pushed.status, 400);
      assert.equal(((await pushed.json()) as { error: string }).error, 'invalid_request');
    }
  });

  test('or is sent without end, is not waited for', async () => {
    const started = performance.now();
    const head = (line: string, type: string) =>
      `${line} HTTP/1.1\r\nHost: ${new URL(world.url).host}\r\nContent-Type: ${type}\r\n`;
    const length = 'Content-Length: 20000\r\n\r\n';
    const form = 'application/x-www-form-urlencoded';
    const beginnings = [
      head('GET /', form),
      head('POST /oidc/token', form) + length,
      head('POST /oidc/par', form) + length,
      head('POST /oidc/auth', form) + length,
      head('POST /handoff', form) + length,
      head('POST /account/sign-out', form) + length,
      head('POST /internal/events', 'application/json') + length,
      head('PUT /_matrix/app/v1/transactions/1', 'application/json') + length,
      head('POST /nowhere', form) + length,
    ];
    const seconds = await Promise.all(
      beginnings.map(async (beginning) => {
        const socket = connect(Number(new URL(world.url).port), '127.0.0.1');
        socket.on('error', () => {});
        socket.write(beginning);
        const drip = setInterval(() => socket.write('a'), 500);
        socket.resume();
        await once(socket, 'close');
        clearInterval(drip);
        return (performance.now() - started) / 1000;
      }),
    );
    for (const [index, taken] of seconds.entries()) {
      assert.ok(taken < 40, `${beginnings[index]?.split(' HTTP')[0]}: ${taken} s`);
    }
  });
});
