import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceOptions } from '../support/service.ts';
import { openWorld, type World } from './world.ts';

/** A world whose service runs with the settings that production asks for. */
export async function openProduction({ env }: ServiceOptions = {}): Promise<World> {
  const world = await openWorld();
  const { service } = world;
  const key = await readFile(join(service.dataDir, 'secrets/encryption-keys'), 'utf8');
  await service.kill('SIGTERM');
  service.configure({
    NODE_ENV: 'production',
    ENCRYPTION_KEYS: key.trim(),
    SMTP_URL: 'smtp://127.0.0.1:9',
    MAIL_FROM: 'OpenMeet <id@openmeet.example>',
    MATRIX_SERVER_NAME: 'matrix.openmeet.net',
    TRUSTED_PROXIES: '127.0.0.1/32',
    ...env,
  });
  await service.restart();
  return world;
}
