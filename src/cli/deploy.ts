import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Names } from '../deployment/names.ts';
import { AppError } from '../errors.ts';
import { example } from './example.ts';
import { secretValue } from './options.ts';
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
  const { completeNames, hostOf, suggestedNames } = await import('../deployment/names.ts');
  const { deploymentFiles } = await import('../deployment/files.ts');
  const { writeFiles } = await import('../deployment/write.ts');
  const mailServer = await secretValue(smtpUrl);
  const asking = askedFor();
  const ask = asking.answer;
  try {
    const serverName = hostOf(
      given.serverName ??
        (await ask('--server-name', 'What stands after the colon, as example.org', hostOf)),
    );
    const usual = suggestedNames(serverName);
    const names = completeNames({
      serverName,
      id: given.id ?? (await ask('--id', 'Host of this service', hostOf, usual.id)),
      matrix: given.matrix ?? (await ask('--matrix', 'Host of Synapse', hostOf, usual.matrix)),
      chat: given.chat ?? (await ask('--chat', 'Host of Element Web', hostOf, usual.chat)),
      mailFrom:
        given.mailFrom ?? (await ask('--mail-from', 'Sender of all mail', asIs, usual.mailFrom)),
      federation: given.federation ?? false,
    });
    const smtp = mailServer ?? (await ask('--smtp-url', mailQuestion, asIs));
    const files = deploymentFiles(names, smtp);
    writeFiles(directory, files);
    return { data: { directory, files: Object.keys(files) }, text: written(names, files) };
  } finally {
    asking.end();
  }
}

const asIs = (typed: string) => typed;

const mailQuestion =
  'Mail server, smtps://user:password@host or smtp://…:587?requireTLS=true (# / ? @ in the password as %23 %2F %3F %40)';

/** Asks on a terminal; elsewhere what is usual counts, and what is missing is an error. */
function askedFor() {
  const terminal = process.stdin.isTTY
    ? createInterface({ input: process.stdin, output: process.stderr })
    : undefined;
  // Not `question()`, which loses lines that were typed, or pasted, ahead of it.
  const lines = terminal?.[Symbol.asyncIterator]();
  return {
    /** @param read what becomes of an answer; on a terminal it is asked again where that fails */
    async answer(
      option: string,
      question: string,
      read: (typed: string) => string,
      usual?: string,
    ): Promise<string> {
      for (;;) {
        terminal?.setPrompt(`${question}${usual ? ` [${usual}]` : ''}: `);
        terminal?.prompt();
        const line = await lines?.next();
        if (line?.done) throw new AppError('cancelled', { message: 'Nothing was written.' });
        const value = line?.value.trim() || usual;
        if (!value && !terminal) {
          throw new AppError('answer_missing', { message: `Give it by ${option}.` });
        }
        try {
          if (value) return read(value);
        } catch (error) {
          if (!terminal || !(error instanceof AppError)) throw error;
          console.error(error.message);
        }
      }
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
