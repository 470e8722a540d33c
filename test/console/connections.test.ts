import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { PlainProvider, plainClient } from '../federation/plain-provider.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { admin, adminToken } from './admin.ts';

let world: World;
let provider: PlainProvider;
let token: string;

beforeAll(async () => {
  world = await openWorld({ env: { UPSTREAM_ALLOWED_NETWORKS: '127.0.0.1/32' } });
  provider = await PlainProvider.start();
  token = await adminToken(world);
});
afterAll(async () => {
  await world.close();
  await provider.stop();
});

const add = (id: string, tenant: string, more: object = {}) =>
  admin(world, '/connections', {
    method: 'POST',
    token,
    body: {
      ...{ id, tenant, name: id, issuer: provider.issuer, clientId: plainClient.id },
      ...{ authMethod: 'client_secret_post', secret: plainClient.secret },
      ...more,
    },
  });

describe('a connection', () => {
  test('is added once for an issuer, though two communities ask at the same time', async () => {
    const [one, other] = [await world.addTenant(), await world.addTenant()];
    const answers = await Promise.all([add('one', one.slug), add('other', other.slug)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409]);
    const refused = answers.find(({ status }) => status === 409);
    assert.equal(refused?.body.error, 'issuer_taken');
    const shared = answers[0]?.status === 201 ? ['other', other.slug] : ['one', one.slug];
    const { status } = await add(shared[0] as string, shared[1] as string, { shared: true });
    assert.equal(status, 201);
  });

  test('says where people come back to, and never what its secret is', async () => {
    const { slug } = await world.addTenant();
    const { body } = await add('third', slug, { shared: true });
    assert.equal(body.redirectUri, `${world.url}/callback/third`);
    assert.ok(!JSON.stringify(body).includes(plainClient.secret));
    const again = await add('third', slug, { shared: true });
    assert.deepEqual([again.status, again.body.error], [409, 'connection_exists']);
  });

  test('is removed', async () => {
    const removed = await admin(world, '/connections/third', { method: 'DELETE', token });
    assert.equal(removed.status, 200);
    assert.equal((await admin(world, '/connections/third', { token })).status, 404);
  });
});
