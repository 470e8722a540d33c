import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor, type Tokens } from '../../oidc/application.ts';
import { addressOf, everyRoute, type Route } from '../../oidc/every-route.ts';
import { serveHere, type Watched } from '../../oidc/watched.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import { askRaw } from '../../support/raw-request.ts';

/** Where clients prove themselves, which no token does: only the words of the refusal may differ. */
const clientsOnly = new Set(
  ['token', 'par', 'introspection', 'revocation', 'device/auth'].map(
    (path) => `POST /oidc/${path}`,
  ),
);

describe('a person’s access token', { timeout: 240_000 }, () => {
  let world: World;
  let here: Watched;
  let routes: Route[];
  let ada: Person;
  let tokens: Tokens;
  beforeAll(async () => {
    world = await openWorld();
    here = await serveHere(world, {
      METRICS_TOKEN: 'm'.repeat(40),
      MATRIX_HS_TOKEN: 'h'.repeat(40),
    });
    routes = await everyRoute(here.app.web, world.url);
    ada = await world.addPerson();
    tokens = await (await Application.of(world)).signIn(newVisitor(), ada);
  });
  afterAll(async () => {
    await here?.stop();
    await world?.close();
  });

  async function ask({ pattern }: Route, method: string, headers: Record<string, string>) {
    const body = ['POST', 'PUT', 'PATCH'].includes(method) ? '{}' : undefined;
    const type = { 'content-type': 'application/json' };
    const target = addressOf(pattern);
    const answer = await askRaw(world.url, target, {
      method,
      headers: { ...type, ...headers },
      body,
    });
    // What differs between any two requests.
    const text = answer.body.replace(/[\w-]{16,}|"request_id":"[^"]*"/g, '…');
    return { status: answer.status, text, challenge: answer.headers['www-authenticate'] };
  }

  test('opens userinfo', async () => {
    const { status, text } = await ask({ methods: [], pattern: '/oidc/userinfo' }, 'GET', {
      authorization: `Bearer ${tokens.access_token}`,
    });
    assert.equal(status, 200);
    assert.ok(text.includes(ada.email));
  });

  test('opens no other route: it is answered like nobody, or refused', async () => {
    let tried = 0;
    for (const route of routes) {
      if (route.pattern === '/oidc/userinfo') continue;
      for (const method of route.methods) {
        if (method === 'HEAD' || method === 'OPTIONS') continue;
        const where = `${method} ${route.pattern}`;
        const nobody = await ask(route, method, {});
        for (const [scheme, token] of [
          ['Bearer', tokens.access_token],
          ['DPoP', tokens.access_token],
          ['Bearer', tokens.id_token],
          ['Bearer', tokens.refresh_token],
        ]) {
          const answer = await ask(route, method, { authorization: `${scheme} ${token}` });
          tried += 1;
          assert.ok(!answer.text.includes(ada.email), where);
          if (/^\/((internal|admin\/api\/v1)\/(?!openapi)|metrics|_matrix)/.test(route.pattern)) {
            assert.ok([401, 403, 404, 405].includes(answer.status), `${where}: ${answer.status}`);
          } else if (clientsOnly.has(where)) {
            assert.ok(answer.status >= 400, `${where}: ${answer.status}`);
          } else {
            assert.deepEqual([answer.status, answer.text], [nobody.status, nobody.text], where);
          }
        }
      }
    }
    assert.ok(tried > 200, `${tried}`);
  });

  test('is not made to open more by asking for a resource, or for scopes of programs', async () => {
    const app = await Application.of(world);
    const wider: Record<string, string>[] = [
      { resource: `${world.url}/internal` },
      { resource: `${world.url}/admin/api/v1`, scope: 'openid admin:read admin:write' },
      { scope: 'openid accounts:read accounts:write handoff:write events:write' },
    ];
    for (const params of wider) {
      const attempt = await app.request(params);
      const page = await newVisitor().open(attempt.url);
      if (page.status === 0) assert.ok(page.url.searchParams.get('error'), page.url.href);
      else {
        const visitor = newVisitor();
        const more = await app.signIn(visitor, ada, params);
        for (const route of routes.filter(({ pattern }) => pattern.startsWith('/internal/a'))) {
          const answer = await ask(route, route.methods[0] ?? 'GET', {
            authorization: `Bearer ${more.access_token}`,
          });
          assert.ok([401, 403].includes(answer.status), `${route.pattern}: ${answer.status}`);
        }
      }
    }
  });
});
