import { loadConfig } from '../config/config.ts';
import { prepareFirstStart } from '../first-start.ts';
import { loadFingerprintKey } from '../secrets/data-key.store.ts';
import { Fingerprints } from '../secrets/fingerprints.ts';
import { KeyRing } from '../secrets/keyring.ts';
import { connect } from '../service.ts';
import { defaultTenant } from '../tenants/tenants.store.ts';
import type { Cli } from './run.ts';

/** A command does one thing after the other, and must leave the database's slots to the service. */
export const poolSize = '3';

/** Works on the database that the service uses, prepared as by its first start. */
export async function connected(json: boolean, work: (cli: Cli) => Promise<void>): Promise<void> {
  const config = loadConfig(process.env, { DATABASE_POOL_SIZE: poolSize });
  const { database, close } = await connect(config);
  try {
    const ring = new KeyRing(config.encryptionKeys);
    const fingerprints = new Fingerprints(await loadFingerprintKey(database, ring));
    // Only where there was no start yet: it follows PUBLIC_URL, which an operator's shell may lack.
    if (!(await defaultTenant(database))) await prepareFirstStart(database, config, fingerprints);
    await work({ config, database, ring, fingerprints, json });
  } finally {
    await close();
  }
}
