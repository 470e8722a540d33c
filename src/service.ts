import { createApp } from './app.ts';
import type { Config } from './config/config.ts';
import type { Database } from './database/database.ts';
import { migrate } from './database/migrate.ts';
import { openDatabase } from './database/open.ts';
import { adoptUrls, prepareFirstStart } from './first-start.ts';
import { createLog } from './http/log.ts';
import { beginProvisioning, waitForProvisioning } from './matrix/matrix-users.store.ts';
import type { Provisioning } from './oidc/interaction/parts.ts';
import { loadFingerprintKey } from './secrets/data-key.store.ts';
import { Fingerprints } from './secrets/fingerprints.ts';
import { KeyRing } from './secrets/keyring.ts';
import { startWork } from './work.ts';

export type Service = { stop(): Promise<void> };

/** Starts what this process's role asks for, and says what to do next. */
export async function startService(config: Config): Promise<Service> {
  const log = createLog(config.logLevel);
  const { database, close } = await connect(config);
  const ring = new KeyRing(config.encryptionKeys);
  const fingerprints = new Fingerprints(await loadFingerprintKey(database, ring));
  await prepareFirstStart(database, config, fingerprints);
  await adoptUrls(database, config);
  const app = await createApp({
    config,
    database,
    ring,
    fingerprints,
    log,
    provisioning: config.matrix.provisioning ? provisioningOn(database) : undefined,
  });
  await app.listen();
  greet(config);
  const work = config.role === 'web' ? undefined : startWork({ config, database, ring, app, log });
  return {
    async stop() {
      await app.stop();
      await (await work)?.stop();
      await close();
    },
  };
}

/** The configured database, or an embedded one below DATA_DIR; its schema is brought up to date. */
export async function connect(
  config: Config,
): Promise<{ database: Database; close(): Promise<void> }> {
  const embedded = config.databaseUrl
    ? undefined
    : await (await import('./database/embedded.ts')).startEmbedded({ dataDir: config.dataDir });
  const database = await openDatabase({
    url: config.databaseUrl ?? (embedded as { url: string }).url,
    poolSize: config.databasePoolSize,
  });
  async function close() {
    await database.close();
    await embedded?.stop();
  }
  await migrate(database).catch(async (error) => {
    await close();
    throw error;
  });
  return { database, close };
}

/** New handles wait for the worker to make their Matrix user, or to find that it is someone else's. */
function provisioningOn(database: Database): Provisioning {
  return {
    async begin(tx, user) {
      await beginProvisioning(tx, user);
    },
    wait: (user) => waitForProvisioning(database, user),
  };
}

function greet(config: Config): void {
  if (config.production) return;
  console.log(`
OpenMeet ID listens on ${config.publicUrl}
  issuer      ${config.issuer}
  data        ${config.dataDir}${config.databaseUrl ? '' : ' (embedded PostgreSQL)'}
  mail        ${config.smtpUrl ? 'by SMTP' : `${config.dataDir}/mail, and here`}

Next:
  try a sign-in            ${config.publicUrl}/try
  connect a Synapse        npm run cli -- synapse config
  or start one for a test  npm run demo
`);
}
