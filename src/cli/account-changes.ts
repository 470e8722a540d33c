import type { Command } from 'commander';
import type { FoundAccount } from '../accounts/found.ts';
import type { Transaction } from '../database/database.ts';
import { shown } from './account-report.ts';
import { type Confirmation, confirm, irreversible } from './confirm.ts';
import { example } from './example.ts';
import { type Cli, run } from './run.ts';

const lazy = {
  disable: () => import('../accounts/disable.ts'),
  find: () => import('../accounts/find.ts'),
  found: () => import('../accounts/found.store.ts'),
  lifecycle: () => import('../accounts/lifecycle.ts'),
  mail: () => import('../mail/queue.ts'),
  matrix: () => import('../accounts/matrix-profile.ts'),
  sessions: () => import('../oidc/sessions.ts'),
  signOut: () => import('../accounts/sign-out.ts'),
};

/** Tells accounts of one address apart. */
export type Who = { tenant?: string };

type Order = { accountId: string; actor: string };

export const lostKeys =
  'Its Matrix devices end: encryption keys that were on them only, and backed up nowhere, are lost';

/** Whether an account can sign in, be on Matrix, and be there at all. */
export function registerStatus(noun: Command): void {
  registerEnds(noun);
  ofAccount(noun, 'enable', 'Let a disabled account sign in again')
    .addHelpText('after', example('accounts enable @ada'))
    .action(
      run<Who>(async (cli, options, name) => {
        const { enableAccount } = await lazy.disable();
        return shown(await change(cli, name, options, enableAccount));
      }),
    );
  const remove = 'Delete an account; its handle is never given to anybody again';
  irreversible(ofAccount(noun, 'delete', remove))
    .option('--erase', 'also hide what they wrote on Matrix from those who come later')
    .addHelpText('after', example('accounts delete ada@example.org --yes'))
    .action(
      run<Who & Confirmation & { erase?: boolean }>(async (cli, options, name) => {
        await confirmOf(cli, name, options, (person) => `Delete ${person} for ever`);
        const { deleteAccount } = await lazy.lifecycle();
        const { MailQueue } = await lazy.mail();
        const { signOutEverywhere: endSessions } = await lazy.sessions();
        const mail = new MailQueue(cli);
        const queueMail: typeof mail.queue = (tx, letter) => mail.queue(tx, letter);
        const { erase } = options;
        const { id } = await change(cli, name, options, (tx, order) =>
          deleteAccount(tx, { ...order, erase }, { endSessions, queueMail }),
        );
        return { data: { id, deleted: true }, text: `Deleted account ${id}.` };
      }),
    );
  registerMatrix(noun);
}

function registerEnds(noun: Command): void {
  const disable = 'Keep an account from signing in, and end its sessions and Matrix devices';
  irreversible(ofAccount(noun, 'disable', disable))
    .addHelpText('after', example('accounts disable @ada', 'accounts disable @ada --yes'))
    .action(
      run<Who & Confirmation>(async (cli, options, name) => {
        await confirmOf(cli, name, options, (person) => `Disable ${person}. ${lostKeys}`);
        const { disableAccount } = await lazy.disable();
        const { signOutEverywhere: endSessions } = await lazy.sessions();
        return shown(
          await change(cli, name, options, (tx, order) =>
            disableAccount(tx, order, { endSessions }),
          ),
        );
      }),
    );
  const signOut = 'End all sessions and tokens of an account, and their Matrix devices';
  irreversible(ofAccount(noun, 'sign-out', signOut))
    .addHelpText('after', example('accounts sign-out @ada', 'accounts sign-out @ada --yes'))
    .action(
      run<Who & Confirmation>(async (cli, options, name) => {
        await confirmOf(cli, name, options, (person) => `Sign out ${person}. ${lostKeys}`);
        const { signOutAccount } = await lazy.signOut();
        const { signOutEverywhere: endSessions } = await lazy.sessions();
        return shown(
          await change(cli, name, options, (tx, order) =>
            signOutAccount(tx, order, { endSessions }),
          ),
        );
      }),
    );
}

function registerMatrix(noun: Command): void {
  const revoke = "Take an account's access to Matrix away; it can still sign in elsewhere.";
  irreversible(ofAccount(noun, 'revoke-matrix', `${revoke} ${lostKeys}`))
    .addHelpText(
      'after',
      example('accounts revoke-matrix @ada', 'accounts revoke-matrix @ada --yes'),
    )
    .action(
      run<Who & Confirmation>(async (cli, options, name) => {
        const act = (person: string) => `Take Matrix away from ${person}. ${lostKeys}`;
        await confirmOf(cli, name, options, act);
        const { data, text } = shown(await setMatrixAccess(cli, name, options, 'revoked'));
        return { data, text: `${text}\n\n${lostKeys}.` };
      }),
    );
  ofAccount(noun, 'restore-matrix', "Give an account's access to Matrix back")
    .addHelpText('after', example('accounts restore-matrix @ada'))
    .action(
      run<Who>(async (cli, options, name) =>
        shown(await setMatrixAccess(cli, name, options, 'active')),
      ),
    );
}

async function setMatrixAccess(
  cli: Cli,
  name: string,
  options: Who,
  access: 'active' | 'revoked',
): Promise<FoundAccount> {
  const { changeMatrixAccess } = await lazy.matrix();
  return change(cli, name, options, (tx, order) => changeMatrixAccess(tx, { ...order, access }));
}

/** A command on the account that its argument names. */
export function ofAccount(noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .argument('<account>', 'id, @handle or email address')
    .description(description)
    .option('--tenant <tenant>', 'its tenant, where an address has several accounts');
}

/** @returns the account as it is afterwards */
export async function change(
  { config, database }: Cli,
  name: string,
  { tenant }: Who,
  act: (tx: Transaction, order: Order) => Promise<unknown>,
): Promise<FoundAccount> {
  const { requireAccount } = await lazy.find();
  const { findAccount } = await lazy.found();
  const { serverName } = config.matrix;
  const { id } = await requireAccount(database, name, { tenant, serverName });
  return database.transaction(async (tx) => {
    await act(tx, { accountId: id, actor: 'operator' });
    return (await findAccount(tx, id)) as FoundAccount;
  });
}

/** Asks on a terminal, by the name of whom it is about. */
export async function confirmOf(
  cli: Cli,
  name: string,
  { tenant, ...options }: Who & Confirmation,
  act: (person: string) => string,
): Promise<void> {
  const { requireAccount } = await lazy.find();
  const { serverName } = cli.config.matrix;
  const account = await requireAccount(cli.database, name, { tenant, serverName });
  const { name: called, handle, id } = account;
  await confirm(
    cli,
    options,
    act(`${called} (${handle ? `@${handle}` : id}) of ${account.tenant}`),
  );
}
