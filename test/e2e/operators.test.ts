import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join as inside } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { root } from '../../synapse/process.ts';
import { until } from '../support/until.ts';
import { join, password } from './newcomer.ts';
import { startWorld, type World } from './world.ts';

type Key = { kid: string; alg: string; state: string };

describe('what the operator’s guide says', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  test('a person who was on the homeserver before keeps their Matrix user', async () => {
    const { synapse, service } = world;
    await synapse.admin('PUT', '/_synapse/admin/v2/users/@veteran:matrix.example', {});
    const { id } = await service.cli<{ id: string }>(
      ...['accounts', 'add', '--email', 'vera@example.org', '--name', 'Vera'],
      ...['--password', password],
    );
    const file = inside(service.dataDir, 'veteran.csv');
    await writeFile(file, `handle,account_id\nveteran,${id}\n`);
    await service.cli('handles', 'import', file, '--apply');
    await synapse.admin('PUT', '/_synapse/admin/v2/users/@veteran:matrix.example', {
      external_ids: [{ auth_provider: 'oidc-openmeet', external_id: id }],
    });
    const vera = await world.newPerson();
    assert.equal((await vera.signIn('veteran', password)).userId, '@veteran:matrix.example');
  });

  test('signing keys can be changed while people sign in', async () => {
    await join(world, { email: 'ann@example.org', name: 'Ann', handle: 'ann', password });
    const fresh = await world.service.cli<Key[]>('keys', 'rotate', '--now', '1');
    const signing = async () => {
      const keys = await world.service.cli<Key[]>('keys', 'list');
      return fresh.every(({ kid }) => keys.some((key) => key.kid === kid && key.state === 'signs'));
    };
    await until(signing, { what: 'the new keys to sign' });
    const ann = await world.newPerson();
    assert.equal((await ann.signIn('ann', password)).userId, '@ann:matrix.example');
  });

  test('without the encryption key, accounts and Matrix users survive', async () => {
    const { service } = world;
    await join(world, { email: 'ben@example.org', name: 'Ben', handle: 'ben', password });
    const ben = await world.newPerson();
    const device = await ben.signIn('ben', password);
    await service.kill('SIGTERM');
    await rm(inside(service.dataDir, 'secrets/encryption-keys'));
    await assert.rejects(service.restart(), /No key of ENCRYPTION_KEYS opens this value/);
    await world.sql(await statements());
    await service.restart();
    const secret = await readFile(inside(service.dataDir, 'secrets/client-matrix_synapse'), 'utf8');
    await service.cli('clients', 'rotate-secret', 'matrix_synapse', '--secret', secret.trim());
    await world.synapse.kill('SIGTERM');
    await world.synapse.restart();
    await ben.beginSignIn();
    assert.match(await ben.heading(), /^Sign in/, 'the browser’s session is gone');
    await ben.send({ email: 'ben', password });
    assert.equal((await ben.arrive()).userId, device.userId);
    assert.ok(await device.alive(), 'the device that was signed in stays so');
  });
});

/** As the guide gives them. */
async function statements(): Promise<string> {
  const guide = await readFile(inside(root, 'docs/operators.md'), 'utf8');
  return /```sql\n([^`]*)```/.exec(guide)?.[1] ?? '';
}
