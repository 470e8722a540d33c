import assert from 'node:assert/strict';
import { afterAll, beforeAll, test } from 'vitest';
import { adminScopes } from '../../src/clients/scopes.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { admin } from './admin.ts';

type Operation = { operationId: string; security: { clientCredentials: string[] }[] };

let world: World;
let paths: Record<string, Record<string, Operation>>;

beforeAll(async () => {
  world = await openWorld();
  const { status, body } = await admin(world, '/openapi.json');
  assert.equal(status, 200);
  paths = body.paths as typeof paths;
});
afterAll(() => world.close());

const operations = () =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

test('the document names each operation once', () => {
  const names = operations().map(({ operation }) => operation.operationId);
  assert.deepEqual(names, [...new Set(names)]);
});

test('who may only see changes nothing: each write wants the scope for it', () => {
  for (const { path, method, operation } of operations()) {
    const [scope] = operation.security[0]?.clientCredentials ?? [];
    assert.ok(adminScopes.has(scope ?? ''), path);
    assert.equal(scope, method === 'get' ? 'admin:read' : 'admin:write', `${method} ${path}`);
  }
});

test('each collection has its list', () => {
  for (const name of [
    ...['accounts', 'tenants', 'clients', 'connections', 'invitations'],
    ...['sign-up-requests', 'rooms', 'jobs', 'audit'],
  ]) {
    assert.ok(paths[`/${name}`]?.get, name);
  }
});
