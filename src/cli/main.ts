#!/usr/bin/env node
import { failureOf, printFailure } from './errors.ts';
import { createProgram } from './program.ts';

const argv = process.argv.slice(2);

// Whoever reads us may stop at any time, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

try {
  const program = await createProgram(argv);
  await program.parseAsync(argv, { from: 'user' });
} catch (error) {
  const failure = failureOf(error);
  if (failure) {
    printFailure(failure, argv.includes('--json'));
    // Not just its exit code: a connection that failed half-way must not keep us.
    process.exit(failure.exitCode);
  }
}
