import type { Command } from 'commander';
import type { MadeInvitation } from '../admission/add-invitation.ts';
import type { FoundInvitation } from '../admission/find-invitation.ts';
import type { Invitation } from '../admission/invitations.store.ts';
import { operator } from '../authority/authority.ts';
import { instant } from '../text/instant.ts';
import { example } from './example.ts';
import { duration, wholeNumber } from './options.ts';
import { fields, type Report, table } from './report.ts';
import { type Cli, run, warn } from './run.ts';

const lazy = {
  add: () => import('../admission/add-invitation.ts'),
  find: () => import('../admission/find-invitation.ts'),
  store: () => import('../admission/invitations.store.ts'),
  mail: () => import('../mail/queue.ts'),
  policy: () => import('../handles/policy.ts'),
  tenants: () => import('../tenants/find.ts'),
};

/** As commander reads them. */
type AddOptions = {
  tenant?: string;
  uses: number;
  /** In seconds. */
  expires: number;
  email?: string;
  handle?: string;
  send?: boolean;
  language?: string;
};

export function register(noun: Command): void {
  registerAdd(noun);
  noun
    .command('list')
    .description('List invitations, newest first')
    .option('--tenant <tenant>', 'only those of this tenant')
    .addHelpText('after', example('invitations list --tenant acme'))
    .action(
      run<{ tenant?: string }, []>(async ({ database }, { tenant }) => {
        const { requireTenant } = await lazy.tenants();
        const id = tenant ? (await requireTenant(database, tenant)).id : null;
        return listed(await (await lazy.store()).listInvitations(database, id));
      }),
    );
  noun
    .command('show')
    .argument('<invitation>', 'its id')
    .description('Show an invitation, and which accounts came by it')
    .addHelpText('after', example('invitations show 5f0c2a2e-6d0f-4a43-9d0e-0a54a5b3a1c7'))
    .action(
      run(async ({ database }, _, id) =>
        shown(await (await lazy.find()).invitationWithin(database, operator, id)),
      ),
    );
  noun
    .command('revoke')
    .argument('<invitation>', 'its id')
    .description('End an invitation, and free the handle that it keeps')
    .addHelpText('after', example('invitations revoke 5f0c2a2e-6d0f-4a43-9d0e-0a54a5b3a1c7'))
    .action(
      run(async ({ database }, _, id) =>
        shown(await (await lazy.find()).endInvitation(database, operator, id)),
      ),
    );
}

function registerAdd(noun: Command): void {
  noun
    .command('add')
    .description('Make a link by which people join a tenant; it is printed once')
    .option('--tenant <tenant>', 'whom they join: its slug, one of its domains, or its id')
    .option('--uses <count>', 'how many accounts it makes', wholeNumber(1, 10_000), 1)
    .option('--expires <duration>', 'how long it works: 12h, 7d', duration, duration('7d'))
    .option('--email <address>', 'only for whoever proves this address')
    .option('--handle <handle>', 'kept for them until the invitation ends')
    .option('--send', 'mail it to the address')
    .option('--language <tag>', 'language of the mail; the first of the tenant unless given')
    .addHelpText(
      'after',
      example(
        'invitations add --tenant acme --uses 20 --expires 3d',
        'invitations add --tenant acme --email ada@example.org --handle ada --send',
      ),
    )
    .action(run<AddOptions, []>(async (cli, options) => made(await add(cli, options))));
}

async function add(cli: Cli, { expires, tenant, ...options }: AddOptions): Promise<MadeInvitation> {
  const { database, fingerprints, config } = cli;
  const { addInvitation } = await lazy.add();
  const { handlePolicy } = await lazy.policy();
  const { MailQueue } = await lazy.mail();
  const { defaultOr } = await lazy.tenants();
  const mail = new MailQueue(cli);
  const invitation = await addInvitation(
    {
      ...{ database, fingerprints, publicUrl: config.publicUrl },
      handlePolicy: handlePolicy({ serverName: config.matrix.serverName, ...config.handles }),
      queueMail: (tx, letter) => mail.queue(tx, letter),
    },
    operator,
    { ...options, seconds: expires, tenant: (await defaultOr(database, tenant)).id },
  );
  if (options.send && !invitation.mailed) {
    warn('The mailbox had enough mail for now: nothing was sent, pass the link on.');
  }
  return invitation;
}

function made({ emailKey, ...invitation }: MadeInvitation): Report {
  const { link, mailed } = invitation;
  const note = 'Keep the link to yourself and whom it is for: it is not shown again.';
  return {
    data: invitation,
    text: `${fields({ ...factsOf(invitation), mailed, link })}\n\n${note}`,
  };
}

function listed(invitations: Invitation[]): Report {
  const rows = invitations.map((invitation) => [
    invitation.id,
    invitation.tenant,
    invitation.state.replace('_', ' '),
    `${invitation.usesLeft}/${invitation.uses}`,
    instant(invitation.expiresAt),
    invitation.email,
    invitation.handle && `@${invitation.handle}`,
  ]);
  const headings = ['id', 'tenant', 'state', 'uses left', 'expires', 'email', 'handle'];
  const data = invitations.map(({ emailKey, ...invitation }) => invitation);
  return { data, text: table(headings, rows, 'No invitations.') };
}

function shown({ emailKey, ...invitation }: Invitation & Partial<FoundInvitation>): Report {
  const { usedBy = [] } = invitation;
  const text = fields({
    ...factsOf(invitation),
    revoked: invitation.revokedAt,
    'used by': usedBy.map(({ accountId, usedAt }) => `${accountId} at ${instant(usedAt)}`),
  });
  return { data: invitation, text };
}

function factsOf(invitation: Omit<Invitation, 'emailKey'>) {
  return {
    id: invitation.id,
    tenant: invitation.tenant,
    state: invitation.state.replace('_', ' '),
    'uses left': `${invitation.usesLeft} of ${invitation.uses}`,
    email: invitation.email,
    handle: invitation.handle && `@${invitation.handle}`,
    made: invitation.createdAt,
    expires: invitation.expiresAt,
  };
}
