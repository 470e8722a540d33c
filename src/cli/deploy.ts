import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Names } from '../deployment/names.ts';
import { AppError } from '../errors.ts';
import { secretValue } from './options.ts';
import { example } from './program.ts';
import type { Report } from './report.ts';
import { print } from './run.ts';

type InitOptions = Partial<Names> & { smtpUrl?: string; directory: string; json?: boolean };

export function register(noun: Command): void {
  noun
    .command('init')
    .description(
      'Write everything that docker-compose.yml and a reverse proxy need; asks for names',
    )
    .option('--server-name <name>', "what stands after the colon of everybody's address, for ever")
    .option('--id <host>', 'host of this service (default: id.<server name>)')
    .option('--matrix <host>', 'host of Synapse (default: matrix.<server name>)')
    .option('--chat <host>', 'host of Element Web (default: chat.<server name>)')
    .option('--mail-from <mailbox>', 'sender of all mail')
    .option('--smtp-url <url>', 'the mail server ("-" reads it from input)')
    .option('--federation', 'let Synapse talk to other homeservers')
    .option('--directory <path>', 'where docker-compose.yml is', '.')
    .addHelpText(
      'after',
      example('deploy init', 'deploy init --server-name example.org --smtp-url -'),
    )
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<InitOptions>();
      print(await init(options), options.json ?? false);
    });
}

async function init({ directory, smtpUrl, json: _, ...given }: InitOptions): Promise<Report> {
  const { completeNames, suggestedNames } = await import('../deployment/names.ts');
  const { deploymentFiles } = await import('../deployment/files.ts');
  const { writeFiles } = await import('../deployment/write.ts');
  const mailServer = await secretValue(smtpUrl);
  const asking = askedFor();
  const ask = asking.answer;
  try {
    const serverName =
      given.serverName ??
      (await ask('--server-name', 'What stands after the colon of every address, as example.org'));
    const usual = suggestedNames(serverName);
    const names = completeNames({
      serverName,
      id: given.id ?? (await ask('--id', 'Host of this service', usual.id)),
      matrix: given.matrix ?? (await ask('--matrix', 'Host of Synapse', usual.matrix)),
      chat: given.chat ?? (await ask('--chat', 'Host of Element Web', usual.chat)),
      mailFrom: given.mailFrom ?? (await ask('--mail-from', 'Sender of all mail', usual.mailFrom)),
      federation: given.federation ?? false,
    });
    const smtp = mailServer ?? (await ask('--smtp-url', 'Mail server, smtps://user:password@host'));
    const files = deploymentFiles(names, smtp);
    writeFiles(directory, files);
    return { data: { directory, files: Object.keys(files) }, text: written(names, files) };
  } finally {
    asking.end();
  }
}

/** Asks on a terminal; elsewhere what is usual counts, and what is missing is an error. */
function askedFor() {
  const terminal = process.stdin.isTTY
    ? createInterface({ input: process.stdin, output: process.stderr })
    : undefined;
  // Not `question()`, which loses lines that were typed, or pasted, ahead of it.
  const lines = terminal?.[Symbol.asyncIterator]();
  return {
    async answer(option: string, question: string, usual?: string): Promise<string> {
      terminal?.setPrompt(`${question}${usual ? ` [${usual}]` : ''}: `);
      terminal?.prompt();
      const typed: string | undefined = (await lines?.next())?.value;
      const value = typed?.trim() || usual;
      if (value) return value;
      throw new AppError('answer_missing', { message: `Give it by ${option}.` });
    },
    end: () => terminal?.close(),
  };
}

function written({ id, matrix, chat, serverName }: Names, files: Record<string, string>): string {
  return `Wrote ${Object.keys(files).join(', ')}.

Keep a copy of secrets/encryption_keys where the database's backups are not: a backup without it is
of no use, and with it is everything.

Next: let ${id}, ${matrix}, ${chat} and ${serverName} lead to this machine, give your reverse
proxy deploy/Caddyfile, deploy/nginx.conf or deploy/traefik.yml, and go on in docs/deployment.md.`;
}
