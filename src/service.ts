import { type AppParts, createApp } from './app.ts';
import type { Config } from './config/config.ts';
import type { Database } from './database/database.ts';
import { explained } from './database/explain.ts';
import { migrate } from './database/migrate.ts';
import { openDatabase } from './database/open.ts';
import { adoptUrls, prepareFirstStart } from './first-start.ts';
import { greet } from './greeting.ts';
import { createLog, type Log } from './http/log.ts';
import { throttle } from './http/throttle.ts';
import type { Worker } from './jobs/worker.ts';
import { deviceWasRemoved, lookSoon } from './matrix/devices.ts';
import { provisioningBy } from './matrix/provisioning.ts';
import { loadFingerprints } from './secrets/data-key.store.ts';
import { KeyRing } from './secrets/keyring.ts';
import { startWork } from './work.ts';

/**
 * Starts what this process's role asks for, and says what to do next. What has to be ended is put into
 * `ending` as soon as it is there, also if the start fails, or is broken off, half-way.
 */
export async function startService(config: Config, ending: AsyncDisposableStack): Promise<void> {
  const log = createLog(config.logLevel);
  if (config.tracesUrl) ending.defer(await traceTo(config.tracesUrl, log));
  const url = config.databaseUrl ?? (await startOwnServer(config, ending));
  const database = await openDatabase({
    url,
    poolSize: config.databasePoolSize,
    onAfterCommitError: (err) => log.error({ err }, 'something could not be done after a commit'),
  });
  ending.defer(() => database.close());
  try {
    await migrate(database);
    await serve(config, database, log, ending);
  } catch (error) {
    throw explained(error, url);
  }
}

/** Its libraries are loaded only where somebody collects what they send. */
async function traceTo(url: string, log: Log): Promise<() => Promise<void>> {
  const { startTracing } = await import('./tracing/opentelemetry.ts');
  const again = throttle(60);
  return startTracing({
    url,
    onLost: () => again('lost') && log.warn('traces could not be sent'),
  });
}

async function startOwnServer({ dataDir }: Config, ending: AsyncDisposableStack): Promise<string> {
  const { startEmbedded } = await import('./database/embedded.ts');
  const embedded = await startEmbedded({ dataDir });
  ending.defer(() => embedded.stop());
  return embedded.url;
}

async function serve(
  config: Config,
  database: Database,
  log: Log,
  ending: AsyncDisposableStack,
): Promise<void> {
  const ring = new KeyRing(config.encryptionKeys);
  const fingerprints = await loadFingerprints(database, ring);
  await prepareFirstStart(database, config, fingerprints);
  const app = await createApp({
    config,
    database,
    ring,
    fingerprints,
    log,
    ...(config.matrix.provisioning ? homeserverOn(database) : {}),
  });
  // Requests in flight may wait for a worker, so it goes after them.
  let worker: Worker | undefined;
  ending.defer(() => worker?.stop());
  ending.defer(() => app.stop());
  await app.listen();
  // Whoever could not listen, or answers no people, is not to say where they go.
  if (config.role !== 'worker') await adoptUrls(database, config);
  if (config.role !== 'web') worker = await startWork({ config, database, ring, app, log });
  greet(config, log);
}

/**
 * What is asked of the homeserver through the worker. New handles wait for it to make their Matrix
 * user, or to find that it is someone else's; sign-ins to Matrix, to see whether a device was removed.
 */
function homeserverOn(
  database: Database,
): Required<Pick<AppParts, 'provisioning' | 'matrixDevices'>> {
  return {
    provisioning: provisioningBy(database),
    matrixDevices: {
      wasRemoved: (accountId, at) => deviceWasRemoved(database, accountId, at),
      expect: (accountId) => lookSoon(database, accountId),
    },
  };
}
