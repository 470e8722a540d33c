import { parseArgs } from 'node:util';
import { loadConfig } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';
import { fileProblem } from './config/file-problem.ts';
import { AppError } from './errors.ts';
import { onStopRequested } from './process-end.ts';
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

/** A sentence where somebody who runs this can mend it; else it is a fault of ours, with its stack. */
function wordsFor(error: unknown): unknown {
  if (error instanceof ConfigError || error instanceof AppError) return error.message;
  return fileProblem(error) ?? error;
}

const { role, help } = readOptions();
if (help) {
  console.log(usage);
  process.exit(0);
}

const ending = new AsyncDisposableStack();
let stopping = false;
const stop = (code: number) => {
  stopping = true;
  ending.disposeAsync().then(
    () => process.exit(code),
    () => process.exit(1),
  );
};
onStopRequested((impatient) => (impatient ? process.exit(1) : stop(0)));

try {
  await startService(loadConfig(process.env, { ROLE: role }), ending);
} catch (error) {
  // A start that is broken off fails in any way.
  if (!stopping) {
    console.error(wordsFor(error));
    stop(1);
  }
}
