import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { loadConfig } from '../../../src/config/config.ts';
import { openDatabase } from '../../../src/database/open.ts';
import { loadFingerprints } from '../../../src/secrets/data-key.store.ts';
import { KeyRing } from '../../../src/secrets/keyring.ts';
import { createUpkeeps } from '../../../src/upkeep.ts';
import type { Device } from '../../e2e/matrix.ts';
import { join, password } from '../../e2e/newcomer.ts';
import { startWorld, type World } from '../../e2e/world.ts';
import { until } from '../../support/until.ts';

const newPassword = 'copper-lantern-93';

describe('a Matrix device whose browser session ran out, and whose rows were removed', {
  timeout: 180_000,
}, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  const ended = (device: Device) =>
    until(async () => !(await device.alive()), { what: `the end of ${device.userId}’s device` });

  /** As if the longest that a session lasts had passed: the upkeep takes away what expired. */
  async function letSessionsRunOut(): Promise<void> {
    const { databaseUrl, dataDir } = world.service;
    const { encryptionKeys } = loadConfig({ DATA_DIR: dataDir });
    const database = await openDatabase({ url: databaseUrl, poolSize: 1 });
    try {
      await database.query(`update oidc_artifacts set expires_at = now() - interval '1 day'`);
      const ring = new KeyRing(encryptionKeys);
      const fingerprints = await loadFingerprints(database, ring);
      const upkeeps = createUpkeeps({ ring, fingerprints });
      for (const name of ['removeExpiredArtifacts', 'removeOrphanedOrigins']) {
        await upkeeps[name]?.(database);
      }
      const [left] = await database.query<{ count: number }>(
        'select count(*)::int as count from oidc_artifacts',
      );
      assert.equal(left?.count, 0);
    } finally {
      await database.close();
    }
  }

  /** An intruder who knew the password has signed in, long ago. */
  async function intruded(handle: string): Promise<Device> {
    await join(world, { email: `${handle}@example.org`, name: handle, handle, password });
    const intruder = await world.newPerson();
    const device = await intruder.signIn(handle, password);
    await letSessionsRunOut();
    assert.ok(await device.alive(), 'it outlives its session');
    return device;
  }

  test('ends when the owner recovers the account', async () => {
    const device = await intruded('ann');
    const owner = await world.newPerson();
    await owner.beginSignIn();
    await owner.follow(/forgot/i);
    await owner.send({ email: 'ann@example.org' });
    await owner.enterCode('ann@example.org');
    await owner.send({ password: newPassword });
    const own = await owner.arrive();
    await ended(device);
    assert.ok(await own.alive(), 'the device that the owner signed in afterwards stays');
  });

  test('ends when the owner changes the password, and what is signed in with it stays', async () => {
    const device = await intruded('ben');
    const owner = await world.newPerson();
    const own = await owner.signIn('ben', password);
    await owner.page.goto(`${world.service.url}/account/password`);
    await owner.send({ current: password, password: newPassword });
    await ended(device);
    assert.ok(await own.alive());
  });

  test('ends when the owner signs out everywhere else', async () => {
    const device = await intruded('cem');
    const owner = await world.newPerson();
    const own = await owner.signIn('cem', password);
    await (await world.newPerson()).signIn('cem', password);
    await owner.page.goto(`${world.service.url}/account`);
    await owner.press(/everywhere else/);
    await ended(device);
    assert.ok(await own.alive());
  });

  test('ends when an operator disables the account, which no device survives', async () => {
    const device = await intruded('dora');
    const other = await (await world.newPerson()).signIn('dora', password);
    await world.service.cli('accounts', 'disable', '@dora', '--yes');
    await Promise.all([ended(device), ended(other)]);
    await world.service.cli('accounts', 'enable', '@dora');
    await until(async () => !(await world.matrixUser('dora')).locked, { what: 'the unlocking' });
    const back = await (await world.newPerson()).signIn('dora', password);
    assert.ok(await back.alive());
  });
});
