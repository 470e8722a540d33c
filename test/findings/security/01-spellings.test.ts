import assert from 'node:assert/strict';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../../oidc/application.ts';
import { addressOf, everyRoute, layersOf, type Route } from '../../oidc/every-route.ts';
import { serveHere, type Watched } from '../../oidc/watched.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import { askRaw } from '../../support/raw-request.ts';

/** A request that is posted goes on as a GET; and clients do not register themselves. */
const oursAlone = new Set(['POST /oidc/auth', 'POST /oidc/reg']);

type Registered = { method: string; path: string };

/** What the library registers with its own router while a provider is made. */
async function listenToTheLibrary(): Promise<Registered[]> {
  const file = new URL('helpers/router.js', import.meta.resolve('oidc-provider'));
  const { default: Router } = await import(file.href);
  const registered: Registered[] = [];
  for (const method of ['get', 'post', 'put', 'delete', 'options']) {
    const original = Router.prototype[method];
    Router.prototype[method] = function listened(name: string, path: string, ...rest: unknown[]) {
      registered.push({ method: method.toUpperCase(), path });
      return original.call(this, name, path, ...rest);
    };
  }
  return registered;
}

/** One change to how a path is written, at a place that a number chooses. */
const changes: Record<string, (path: string, at: number) => string> = {
  'another case': (path, at) =>
    onLetter(path, at, (c) => (c < 'a' ? c.toLowerCase() : c.toUpperCase())),
  'an escaped letter': (path, at) => onLetter(path, at, (c) => `%${c.charCodeAt(0).toString(16)}`),
  'an escaped slash': (path, at) => onSlash(path, at, () => (at % 2 ? '%2F' : '%2f')),
  'a doubled slash': (path, at) => onSlash(path, at, () => '//'),
  'a backslash': (path, at) => onSlash(path, at, () => '\\'),
  'a step nowhere': (path, at) => onSlash(path, at, () => '/./'),
  'a step there and back': (path, at) => onSlash(path, at, () => '/x/../'),
  'an escaped step back': (path, at) => onSlash(path, at, () => '/x/%2e%2e/'),
  'a parameter of a segment': (path, at) => onSlash(`${path}/`, at + 1, () => ';x/').slice(0, -1),
  'a NUL': (path, at) => onSlash(`${path}/`, at + 1, () => '%00/').slice(0, -1),
  'a slash at the end': (path) => `${path}/`,
  'a step at the end': (path, at) => `${path}${['/.', '/..', '/%2e', '/%2E%2E'][at % 4]}`,
  'a fragment': (path) => `${path}#x`,
  'another host before it': (path) => (path.startsWith('/') ? `http://evil.example${path}` : path),
};

/** Ids that stand for parameters have none of these letters in them, so what changes is the route's. */
function onLetter(path: string, at: number, change: (letter: string) => string): string {
  const places = [...path.matchAll(/(?<![%\da-f-])[g-z](?![\da-f]*-)/gi)].map(({ index }) => index);
  return replaceAt(path, places, at, change);
}

function onSlash(path: string, at: number, change: (slash: string) => string): string {
  return replaceAt(
    path,
    [...path.matchAll(/\//g)].map(({ index }) => index),
    at,
    change,
  );
}

function replaceAt(path: string, places: number[], at: number, change: (found: string) => string) {
  const place = places[at % places.length];
  if (place === undefined) return path;
  return path.slice(0, place) + change(path[place] ?? '') + path.slice(place + 1);
}

describe('every route', { timeout: 240_000 }, () => {
  let world: World;
  let here: Watched;
  let routes: Route[];
  let library: Registered[];
  let cookie = '';
  beforeAll(async () => {
    world = await openWorld();
    library = await listenToTheLibrary();
    here = await serveHere(world, { METRICS_TOKEN: 'm'.repeat(40) });
    routes = await everyRoute(here.app.web, world.url);
    const app = await Application.of(world);
    const visitor = newVisitor();
    await app.signIn(visitor, await world.addPerson());
    cookie = visitor.cookies.all.map(({ name, value }) => `${name}=${value}`).join('; ');
  });
  afterAll(async () => {
    await here?.stop();
    await world?.close();
  });

  const ask = (target: string, method: string) =>
    askRaw(world.url, target, {
      method,
      headers: { cookie, accept: 'text/html', authorization: `Bearer ${'m'.repeat(40)}` },
    });

  /** The routes that this very path is of. */
  const meant = (path: string) =>
    routes.filter(({ pattern }) => {
      const segments = pattern
        .split('/')
        .map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll('.', '\\.')));
      return new RegExp(`^${segments.join('/')}$`).test(path);
    });

  /** Checks of health, and Synapse, ask by whatever address they know. */
  const atAnyHost = (target: string) =>
    meant(target.replace(/^http:\/\/[^/]*/i, '')).some(({ pattern }) =>
      /^\/(health|metrics|_matrix)/.test(pattern),
    );

  test('is in the list that these tests go through', () => {
    const patterns = new Set(routes.map(({ pattern }) => pattern));
    for (const known of [
      ...['/', '/account', '/account/email', '/handoff', '/health/ready', '/metrics', '/recover'],
      ...['/interaction/:uid', '/interaction/:uid/code', '/callback/:connection', '/brand/:file'],
      ...['/oidc/auth', '/oidc/auth/:uid', '/oidc/device', '/oidc/token', '/oidc/session/end'],
      ...['/internal/handoff', '/_matrix/app/v1/transactions/:txnId', '/assets/:file'],
    ]) {
      assert.ok(patterns.has(known), known);
    }
    for (const { path, opts } of layersOf(here.app.web)) {
      assert.ok(opts.sensitive && opts.strict, path);
    }
  });

  test('of the library is one of ours, and none of ours is not the library’s', () => {
    const spelled = (method: string, path: string) => `${method} ${path}`;
    const theirs = library.flatMap(({ method, path }) => {
      const methods = method === 'GET' ? ['GET', 'HEAD'] : [method];
      return methods.map((one) => spelled(one, `/oidc${path}`));
    });
    const ours = routes
      .filter(({ pattern }) => pattern.startsWith('/oidc/'))
      .flatMap(({ methods, pattern }) => methods.map((method) => spelled(method, pattern)))
      .filter((route) => !oursAlone.has(route));
    assert.deepEqual([...new Set(ours)].sort(), [...new Set(theirs)].sort());
  });

  test('without parameters answers in its own spelling, with or without its host', async () => {
    const nowhere = 'There is nothing at this address';
    assert.ok((await ask('/nowhere', 'GET')).body.includes(nowhere));
    for (const { methods, pattern } of routes) {
      if (pattern.includes(':') || !methods.includes('GET')) continue;
      for (const target of [pattern, `${world.url}${pattern}`]) {
        const { status, body } = await ask(target, 'GET');
        assert.ok(status < 500 && status !== 421, `${target}: ${status}`);
        assert.ok(!body.includes(nowhere), target);
      }
    }
  });

  test('is reached by no other spelling', async () => {
    const change = fc.tuple(fc.constantFrom(...Object.keys(changes)), fc.nat(30));
    const attempt = fc.record({
      route: fc.constantFrom(...routes),
      method: fc.nat(5),
      spelling: fc.array(change, { minLength: 1, maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(attempt, async ({ route, method, spelling }) => {
        const target = spelling.reduce(
          (path, [name, at]) => changes[name]?.(path, at) ?? path,
          addressOf(route.pattern),
        );
        fc.pre(meant(target).length === 0 && !atAnyHost(target));
        const answer = await ask(target, route.methods[method % route.methods.length] ?? 'GET');
        const unreadable = /%00|#|\\/.test(target);
        const refusals = !target.startsWith('/') ? [400, 404, 421] : unreadable ? [400] : [404];
        assert.ok(refusals.includes(answer.status), `${target}: ${answer.status}`);
        assert.equal(answer.headers['set-cookie'], undefined, target);
        assert.equal(answer.headers.location, undefined, target);
      }),
      { numRuns: 1000 },
    );
  });
});
