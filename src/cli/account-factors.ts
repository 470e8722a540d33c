import type { Command } from 'commander';
import { change, confirmOf, lostKeys, ofAccount, type Who } from './account-changes.ts';
import { shown } from './account-report.ts';
import { type Confirmation, irreversible } from './confirm.ts';
import { example } from './example.ts';
import { run } from './run.ts';

const lazy = {
  mail: () => import('../mail/queue.ts'),
  reset: () => import('../factors/reset.ts'),
  sessions: () => import('../oidc/sessions.ts'),
};

/** What an account proves besides its way in. */
export function registerFactors(noun: Command): void {
  const reset =
    'Take its app and recovery codes from an account whose owner has lost them, and end its sessions. Be sure who asks: whoever has the password is in afterwards';
  irreversible(ofAccount(noun, 'reset-factors', reset))
    .addHelpText(
      'after',
      example('accounts reset-factors @ada', 'accounts reset-factors @ada --yes'),
    )
    .action(
      run<Who & Confirmation>(async (cli, options, name) => {
        const act = (person: string) => `Reset the second factors of ${person}. ${lostKeys}`;
        await confirmOf(cli, name, options, act);
        const { resetFactors } = await lazy.reset();
        const { MailQueue } = await lazy.mail();
        const { signOutEverywhere: endSessions } = await lazy.sessions();
        const mail = new MailQueue(cli);
        const queueMail: typeof mail.queue = (tx, letter) => mail.queue(tx, letter);
        const outside = { endSessions, queueMail, accountUrl: `${cli.config.publicUrl}/account` };
        return shown(
          await change(cli, name, options, (tx, order) => resetFactors(tx, order, outside)),
        );
      }),
    );
}
