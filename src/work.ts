import { removeExpiredCodes } from './accounts/codes.store.ts';
import type { App } from './app.ts';
import type { Config } from './config/config.ts';
import type { Database } from './database/database.ts';
import type { Log } from './http/log.ts';
import { startWorker, type Worker } from './jobs/worker.ts';
import { renderMail } from './mail/render.ts';
import { mailChores, mailTasks } from './mail/send.ts';
import { removeExpiredArtifacts } from './oidc/artifacts.store.ts';
import { removeExpiredSignIns } from './oidc/interaction/sign-ins.store.ts';
import { rotateDueKeys } from './oidc/keys.ts';
import type { KeyRing } from './secrets/keyring.ts';

type WorkParts = { config: Config; database: Database; ring: KeyRing; app: App; log: Log };

/** What the worker role does: queued jobs, and the upkeep that keeps tables from growing. */
export async function startWork({ config, database, ring, log }: WorkParts): Promise<Worker> {
  return startWorker({
    database,
    log,
    tasks: {
      ...mailTasks({
        database,
        ring,
        render: (template, locale, params) =>
          renderMail(template as never, locale, params as never),
        mailFrom: config.mailFrom,
        smtpUrl: config.smtpUrl,
        dataDir: config.dataDir,
      }),
    },
    chores: {
      ...mailChores,
      removeExpiredCodes,
      removeExpiredSignIns,
      removeExpiredArtifacts: (db) => removeExpiredArtifacts(db),
      rotateDueKeys: (db) => rotateDueKeys(db, ring),
    },
  });
}
