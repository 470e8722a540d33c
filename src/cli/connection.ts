import { type Config, loadConfig } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { poolSize, withDatabase } from '../database/with-database.ts';
import { prepareFirstStart } from '../first-start.ts';
import { loadFingerprints } from '../secrets/data-key.store.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { KeyRing } from '../secrets/keyring.ts';
import { defaultTenant } from '../tenants/tenants.store.ts';

export type Connection = {
  config: Config;
  database: Database;
  ring: KeyRing;
  fingerprints: Fingerprints;
};

/** Works on the service's database, with a schema of this version, as after a first start. */
export async function connected(work: (connection: Connection) => Promise<void>): Promise<void> {
  const config = loadConfig(process.env, { DATABASE_POOL_SIZE: poolSize });
  await withDatabase(config, async (database) => {
    await migrate(database);
    const ring = new KeyRing(config.encryptionKeys);
    const fingerprints = await loadFingerprints(database, ring);
    // Only where there was no start yet: it follows PUBLIC_URL, which an operator's shell may lack.
    if (!(await defaultTenant(database))) await prepareFirstStart(database, config, fingerprints);
    await work({ config, database, ring, fingerprints });
  });
}
