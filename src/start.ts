import { parseArgs } from 'node:util';
import { loadConfig } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';
import { AppError } from './errors.ts';
import { startService } from './service.ts';

const usage = `Usage: openmeet-id [--role <role>]

OpenID provider for Matrix communities.

Options:
  --role <role>  what this process does: web, worker or both (default: both)
  -h, --help     show this

Settings come from the environment: see docs/configuration.md.`;

function readOptions() {
  try {
    return parseArgs({
      options: { role: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

try {
  const { role, help } = readOptions();
  if (help) {
    console.log(usage);
    process.exit(0);
  }
  const service = await startService(loadConfig(process.env, { ROLE: role }));
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      service.stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
} catch (error) {
  const expected = error instanceof ConfigError || error instanceof AppError;
  console.error(expected ? error.message : error);
  process.exit(1);
}
