import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Database } from '../database/database.ts';
import { poolSize, withDatabase } from '../database/with-database.ts';
import { examineDatabase } from './database.ts';
import { type Finding, failure, look, ok } from './finding.ts';
import { examineIssuer } from './issuer.ts';
import { examineJobs } from './jobs.ts';
import { examineMail } from './mail.ts';
import { examineSecrets } from './secrets.ts';
import { examineSynapse } from './synapse.ts';

/** Looks at everything that a deployment needs, from the settings to the homeserver. */
export async function examine(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const config = configuration(env);
  if (Array.isArray(config)) return config;
  const mode = config.production ? 'Production' : 'Development';
  return [
    ok('configuration', `${mode} settings, issuer ${config.issuer}.`),
    ...(await examineMail(config)),
    ...(await examineWhatIsStored(config)),
  ];
}

function examineWhatIsStored(config: Config): Promise<Finding[]> {
  const mend = 'Check DATABASE_URL, and that PostgreSQL runs and can be reached from here.';
  // Unlike every other command this leaves the schema alone: looking must not migrate.
  return look('database', mend, () =>
    withDatabase(config, async (database) => {
      const found = await examineDatabase(database);
      const usable = found.every(({ status }) => status !== 'fail');
      return usable ? [...found, ...(await examineRest(config, database))] : found;
    }),
  );
}

/** All at once, because most of it is waiting. */
async function examineRest(config: Config, database: Database): Promise<Finding[]> {
  const parts = await Promise.all([
    examineSecrets(config, database),
    examineIssuer(config, database),
    examineJobs(database),
    examineSynapse(config, database),
  ]);
  return parts.flat();
}

function configuration(env: NodeJS.ProcessEnv): Config | Finding[] {
  try {
    return loadConfig(env, { DATABASE_POOL_SIZE: poolSize });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const mend = 'Every setting is described in docs/configuration.md.';
    return error.problems.map((problem) => failure('configuration', problem, mend));
  }
}
