import { type Command, Option } from 'commander';
import type { ListedKey } from '../oidc/key-rotation.ts';
import { example } from './example.ts';
import { wholeNumber } from './options.ts';
import { type Report, table } from './report.ts';
import { run, warn } from './run.ts';

const lazy = {
  signing: () => import('../oidc/key-rotation.ts'),
  sealing: () => import('../oidc/reencrypt.ts'),
};

/** Enough for every instance to publish a key, which they look for every 5 seconds. */
const soon = 15;

const actor = 'operator';

export function register(noun: Command): void {
  noun
    .command('list')
    .description('List the keys that sign tokens, as they are published')
    .addHelpText('after', example('keys list'))
    .action(run(async ({ database }) => listed(await (await lazy.signing()).listKeys(database))));
  noun
    .command('rotate')
    .description(
      'Make new signing keys now; what the old ones signed stays valid, unless compromised',
    )
    .addOption(
      new Option('--now [seconds]', 'how soon the new keys sign')
        .argParser(wholeNumber(0, 30 * 86_400))
        .default(soon)
        .preset(soon),
    )
    .addOption(
      new Option(
        '--compromised',
        'somebody else may have the old keys: believe nothing that they signed, from now on',
      ).conflicts('now'),
    )
    .addHelpText(
      'after',
      example('keys rotate', 'keys rotate --now 60', 'keys rotate --compromised'),
    )
    .action(
      run<{ now: number | string; compromised?: true }>(async (cli, options) => {
        const { replaceAllKeys, rotateAllKeys } = await lazy.signing();
        if (options.compromised) return rotated(await replaceAllKeys(cli, { actor }));
        const seconds = Number(options.now);
        if (seconds < 10) warn('Instances may sign by a key that others do not publish yet.');
        return rotated(await rotateAllKeys(cli, { signsInSeconds: seconds, actor }));
      }),
    );
  noun
    .command('reencrypt')
    .description('Seal all secrets in the database again, under the first of ENCRYPTION_KEYS')
    .option(
      '--fingerprints',
      'also put a new key behind all fingerprints, while no process of the service runs',
    )
    .addHelpText('after', example('keys reencrypt', 'keys reencrypt --fingerprints'))
    .action(
      run<{ fingerprints?: true }>(async (cli, options) => {
        const { reencrypt, renewRoot } = await lazy.sealing();
        const renewed = options.fingerprints ? await renewRoot(cli, { actor }) : undefined;
        if (renewed?.auditProblems)
          warn('The audit was not as it had been sealed: see the doctor.');
        const data = { ...(await reencrypt(cli, { actor })), ...renewed };
        const parts = Object.entries(data).map(([what, count]) => `${count} ${what}`);
        return { data, text: `Sealed again: ${parts.join(', ')}.` };
      }),
    );
}

function listed(keys: ListedKey[]): Report {
  const rows = keys.map((key) => [key.kid, key.alg, key.state, key.signsFrom, key.retiresAt]);
  const headings = ['kid', 'alg', 'state', 'signs from', 'published until'];
  return { data: keys, text: table(headings, rows, 'No keys: the service never started.') };
}

function rotated(keys: ListedKey[]): Report {
  const lines = keys.map(({ kid, alg, signsFrom }) => {
    return `${alg} ${kid} signs from ${signsFrom.toISOString()}`;
  });
  return { data: keys, text: lines.join('\n') };
}
