import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { internalScopes } from '../../src/clients/scopes.ts';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import { type Answer, addMachine, call, tokenOf } from './api.ts';

type Content = { 'application/json': { schema: object } };
type Operation = {
  operationId: string;
  security: { clientCredentials: string[] }[];
  parameters: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: { content: Content };
  responses: Record<string, { description: string; content: Content }>;
};
type Document = {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, object>;
    securitySchemes: {
      clientCredentials: {
        flows: { clientCredentials: { tokenUrl: string; scopes: Record<string, string> } };
      };
    };
  };
};

let world: World;
let document: Document;
let token: string;
let person: Person;

beforeAll(async () => {
  world = await openWorld();
  const response = await fetch(`${world.url}/internal/openapi.json`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  document = (await response.json()) as Document;
  const scopes = ['handles:read', 'accounts:read', 'accounts:write', 'handoff:write'];
  const machine = await addMachine(world, { tenantIds: [world.defaultTenantId], scopes });
  token = await tokenOf(world, machine);
  person = await world.addPerson();
});
afterAll(() => world.close());

function operations(): [string, string, Operation][] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, Operation] => [
      path,
      method,
      operation,
    ]),
  );
}

/** Fails unless the document has such an answer, and the body is as it says. */
function assertDescribed(operation: Operation | undefined, { status, body }: Answer): void {
  const described = operation?.responses[status];
  assert.ok(described, `${operation?.operationId} answers ${status}`);
  const ajv = new Ajv2020({ strict: true, formats: { uuid: true, uri: true, 'date-time': true } });
  const schema = {
    ...described.content['application/json'].schema,
    components: document.components,
  };
  ajv.addVocabulary(['components']);
  assert.ok(ajv.validate(schema, body), `${ajv.errorsText()}: ${JSON.stringify(body)}`);
  if (status >= 400) assert.match(described.description, new RegExp(`\`${body.error}\``));
}

describe('the OpenAPI document', () => {
  test('says where tokens come from, and for which scopes', () => {
    assert.match(document.openapi, /^3\.1\./);
    assert.deepEqual(document.servers, [{ url: `${world.url}/internal` }]);
    const flow = document.components.securitySchemes.clientCredentials.flows.clientCredentials;
    assert.equal(flow.tokenUrl, `${world.issuer}/token`);
    assert.deepEqual(flow.scopes, Object.fromEntries(internalScopes));
  });

  test('has operations with one known scope, a name of their own and all their parameters', () => {
    const names = new Set<string>();
    for (const [path, , operation] of operations()) {
      const [scope = ''] = operation.security[0]?.clientCredentials ?? [];
      assert.ok(internalScopes.has(scope), path);
      names.add(operation.operationId);
      const inPath = operation.parameters.filter((it) => it.in === 'path').map((it) => it.name);
      assert.deepEqual(
        inPath,
        [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]),
      );
    }
    assert.equal(names.size, operations().length);
  });

  test('refers only to what it holds', () => {
    for (const [reference, name = ''] of JSON.stringify(document).matchAll(
      /"\$ref":"#\/components\/schemas\/(\w+)"/g,
    )) {
      assert.ok(name in document.components.schemas, reference);
    }
    assert.ok(!JSON.stringify(document).includes('$defs'));
  });

  test('names routes that exist, and each refuses whoever has no token', async () => {
    for (const [path, method, operation] of operations()) {
      const answer = await call(world, fill(path), { method: method.toUpperCase() });
      assert.equal(answer.status, 401, path);
      assertDescribed(operation, answer);
    }
  });

  test('leaves no route out: other paths and methods do not exist', async () => {
    for (const path of ['/', '/handles', '/accounts/x/y', '/openapi.yaml']) {
      assert.equal((await call(world, path, { token })).status, 404, path);
    }
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
    for (const path of Object.keys(document.paths)) {
      const known = Object.keys(document.paths[path] ?? {}).map((name) => name.toUpperCase());
      for (const method of methods.filter((name) => !known.includes(name))) {
        const answer = await call(world, fill(path), { token, method });
        assert.equal(answer.status, 405, `${method} ${path}`);
        assert.equal(answer.headers.get('allow'), known.join(', '));
      }
    }
  });

  test('tells the truth about what is answered', async () => {
    const { id, handle } = person;
    const names = { platformUserId: 'u-1', platformSlug: 'ada' };
    const second = await world.addPerson();
    const { id: clientId } = await world.addClient();
    const handOff = { clientId, redirectUri: 'https://app.example/login' };
    const asked: [string, string, string, unknown?][] = [
      ['/handles/{handle}', 'get', '/handles/quite.free'],
      ['/handles/{handle}', 'get', `/handles/${handle}`],
      ['/handles/{handle}', 'get', '/handles/adm1n'],
      ['/handles/{handle}', 'get', `/handles/${'x'.repeat(101)}`],
      ['/handles/{handle}', 'get', '/handles/somebody?tenant=nobody'],
      ['/accounts/{id}', 'get', `/accounts/${id}`],
      ['/accounts/{id}', 'get', `/accounts/${world.defaultTenantId}`],
      ['/accounts', 'get', `/accounts?handle=${handle}`],
      ['/accounts', 'get', '/accounts?handle=a&platformSlug=b'],
      ['/accounts/{id}/platform', 'put', `/accounts/${id}/platform`, names],
      ['/accounts/{id}/platform', 'put', `/accounts/${second.id}/platform`, names],
      ['/accounts/{id}/platform', 'put', `/accounts/${id}/platform`, { ...names, more: 1 }],
      ['/accounts/{id}/platform', 'put', `/accounts/${id}/platform`, 'x'.repeat(40_000)],
      ['/handoff', 'post', '/handoff', { ...handOff, userSlug: 'ada' }],
      ['/handoff', 'post', '/handoff', { ...handOff, accountId: second.id }],
      ['/handoff', 'post', '/handoff', { ...handOff, userSlug: 'ada', redirectUri: 'x' }],
    ];
    const statuses = new Set<number>();
    for (const [path, method, url, body] of asked) {
      const answer = await call(world, url, { token, method: method.toUpperCase(), body });
      statuses.add(answer.status);
      assertDescribed(document.paths[path]?.[method], answer);
    }
    assert.deepEqual([...statuses].sort(), [200, 201, 400, 404, 409, 413]);
  });
});

describe('availability of a handle', () => {
  test('is told with the reason and names that are free', async () => {
    const taken = await call(world, `/handles/${person.handle.toUpperCase()}`, { token });
    const { suggestions, ...rest } = taken.body;
    assert.deepEqual(rest, { handle: person.handle, available: false, reason: 'taken' });
    for (const handle of suggestions as string[]) {
      assert.equal((await call(world, `/handles/${handle}`, { token })).body.available, true);
    }
    const free = await call(world, '/handles/%40Quite.Free', { token });
    assert.deepEqual(free.body, {
      handle: 'quite.free',
      available: true,
      reason: null,
      suggestions: [],
    });
  });

  test('is limited per client, over all instances, and says when to try again', async () => {
    const client = await addMachine(world, { tenantIds: [world.defaultTenantId] });
    const eager = await tokenOf(world, client);
    await call(world, '/handles/somebody', { token: eager });
    await world.database.query('update rate_limits set count = 1200');
    const refused = await call(world, '/handles/somebody', { token: eager });
    assertDescribed(document.paths['/handles/{handle}']?.get, refused);
    assert.deepEqual([refused.status, refused.body.error], [429, 'too_many_attempts']);
    const wait = Number(refused.headers.get('retry-after'));
    assert.ok(wait > 0 && wait <= 60, `${wait}`);
    await world.database.query('update rate_limits set count = 0 where count = 1200');
  });
});

function fill(path: string): string {
  return path.replace('{id}', person.id).replace('{handle}', 'somebody');
}
