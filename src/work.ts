import type { App } from './app.ts';
import type { Config } from './config/config.ts';
import type { Database } from './database/database.ts';
import { startDueReconcile } from './entities/reconcile.ts';
import { createFetchPicture } from './federation/fetch-picture.ts';
import type { Log } from './http/log.ts';
import type { JobName } from './jobs/catalogue.ts';
import type { Tasks } from './jobs/task.ts';
import type { Upkeep } from './jobs/upkeep.ts';
import { startWorker, type Worker } from './jobs/worker.ts';
import { renderMail } from './mail/render.ts';
import { mailTasks } from './mail/send.ts';
import { appserviceTasks } from './matrix/appservice/tasks.ts';
import { roomTasks } from './matrix/rooms/tasks.ts';
import { Synapse } from './matrix/synapse.ts';
import { matrixTasks } from './matrix/tasks.ts';
import { backchannelTasks } from './oidc/backchannel.ts';
import type { KeyRing } from './secrets/keyring.ts';
import { createUpkeeps } from './upkeep.ts';

type WorkParts = { config: Config; database: Database; ring: KeyRing; app: App; log: Log };

/** What the worker role does: queued jobs, and the upkeep that keeps tables from growing. */
export async function startWork({ config, database, ring, app, log }: WorkParts): Promise<Worker> {
  return startWorker({
    database,
    log,
    tasks: {
      ...mailTasks({
        database,
        ring,
        render: renderMail,
        mailFrom: config.mailFrom,
        smtpUrl: config.smtpUrl,
        dataDir: config.dataDir,
      }),
      ...backchannelTasks(database, () => app.current.provider),
      ...synapseTasks(config, database),
    },
    upkeeps: {
      ...createUpkeeps({
        ring,
        fingerprints: app.parts.fingerprints,
        // Kept apart from the database, where the last seals could be removed with their rows.
        onSealed: (sealed) => log.info({ sealed }, 'audit_sealed'),
      }),
      ...roomUpkeeps(config),
    },
  });
}

type SynapseJob = Exclude<JobName, 'upkeep' | 'send-mail' | 'backchannel-logout'>;

/** Without a token nothing is asked of a homeserver; queued jobs wait until there is one. */
function synapseTasks(
  { matrix, upstream }: Config,
  database: Database,
): Tasks<SynapseJob> | undefined {
  const { synapseUrl, accessToken, serverName } = matrix;
  if (!synapseUrl || !accessToken) return undefined;
  const synapse = new Synapse({ url: synapseUrl, accessToken });
  const fetchPicture = createFetchPicture(upstream.allowedNetworks);
  return {
    ...matrixTasks({ database, synapse, serverName, fetchPicture }),
    ...roomTasks({ database, synapse, serverName, settings: matrix.rooms, fetchPicture }),
    ...appserviceTasks({ database, synapse, serverName, settings: matrix.rooms }),
  };
}

/** Only where somebody can do the work. */
function roomUpkeeps({ matrix }: Config): Record<string, Upkeep> {
  if (!matrix.accessToken) return {};
  const { reconcileHours } = matrix.rooms;
  return { reconcileRooms: (database) => startDueReconcile(database, reconcileHours) };
}
