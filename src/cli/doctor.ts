import type { Command } from 'commander';
import type { Finding } from '../doctor/finding.ts';
import { example } from './example.ts';
import { print } from './run.ts';

export function register(noun: Command): void {
  noun
    .addHelpText('after', example('doctor', 'doctor --json'))
    .action(async (_options: object, command: Command) => {
      const { examine } = await import('../doctor/examine.ts');
      const findings = await examine(process.env);
      const failed = findings.some(({ status }) => status === 'fail');
      const { json = false } = command.optsWithGlobals<{ json?: boolean }>();
      print({ data: { ok: !failed, findings }, text: findings.map(line).join('\n') }, json);
      if (failed) process.exitCode = 1;
    });
}

function line({ name, status, message, mend }: Finding): string {
  const head = `${status.padEnd(4)}  ${name.padEnd(16)}  ${message}`;
  return mend ? `${head}\n${' '.repeat(24)}${mend}` : head;
}
