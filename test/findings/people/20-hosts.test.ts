import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openWorld, type World } from '../../oidc/world.ts';
import { askRaw } from '../../support/raw-request.ts';

const name = 'id.openmeet.community';
const html = 'text/html,*/*;q=0.8';

describe('the host by another of its spellings', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld({ env: { PUBLIC_URL: `https://${name}` } });
    await world.addTenant({ slug: 'acme', domain: 'chat.acme.example' });
  });
  afterAll(() => world?.close());

  const ask = (host: string, path: string, headers: Record<string, string> = {}) =>
    askRaw(world.service.instances[0]?.url ?? '', path, { headers: { host, ...headers } });

  const spellings = [
    name,
    `${name}:443`,
    `${name}:`,
    name.toUpperCase(),
    `${name}.`,
    `${name}.:443`,
  ];

  test('is the same host for programs', async () => {
    const path = '/oidc/.well-known/openid-configuration';
    const plain = await ask(name, path);
    assert.equal(plain.status, 200);
    for (const host of spellings) assert.deepEqual((await ask(host, path)).body, plain.body, host);
  });

  test('is the same host for browsers, which go on where their cookies are', async () => {
    for (const host of spellings) {
      const { status, headers } = await ask(host, '/recover?x=1', { accept: html });
      const rooted = host.includes('.:') || host.endsWith('.');
      assert.deepEqual(
        [status, headers.location],
        rooted ? [302, `https://${name}/recover?x=1`] : [400, undefined],
        host,
      );
    }
  });

  test('is that of a community too', async () => {
    const own = 'chat.acme.example';
    for (const host of [own, `${own}:443`, `${own}.`, `${own}.:443`, own.toUpperCase()]) {
      const { status, headers } = await ask(host, '/account');
      assert.deepEqual(
        [status, headers.location],
        [302, `https://${name}/account?tenant=acme`],
        host,
      );
    }
  });

  test('is no other host', async () => {
    for (const host of [
      ...[`${name}:80`, `${name}:8443`, `${name}:0443`, `${name}:443:443`, `${name}..`, `.${name}`],
      ...[`${name}.:80`, `${name}.evil.example`, `${name}:443@evil.example`, `evil.example:443`],
      ...[`evil@${name}`, `${name}/`, `${name}#`, `${name}?`, `${name},evil.example`, `${name} x`],
      ...[`[::1]:443`, '[::1', 'evil.example.', 'chat.acme.example..', ''],
    ]) {
      const { status, body, headers } = await ask(host, '/account', { accept: html });
      assert.equal(status, 421, host);
      assert.equal(headers.location, undefined, host);
      assert.ok(!body.includes('evil'), host);
    }
  });

  test('moves no address that is shown', async () => {
    for (const host of spellings) {
      const { body } = await ask(host, '/oidc/.well-known/openid-configuration', {
        'x-forwarded-host': 'evil.example:443',
      });
      assert.doesNotMatch(body, /:443|community\.[/:"]|evil/, host);
    }
  });
});
