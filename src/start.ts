import { program } from 'commander';
import { loadConfig } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';
import { AppError } from './errors.ts';
import { startService } from './service.ts';

program
  .name('openmeet-id')
  .description('OpenID provider for Matrix communities.')
  .option('--role <role>', 'what this process does: web, worker or both (default: both)')
  .addHelpText('after', '\nSettings come from the environment: see docs/configuration.md.')
  .parse();

try {
  const { role } = program.opts<{ role?: string }>();
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
