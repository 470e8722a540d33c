import { type EmailAddress, parseEmail } from '../accounts/email-address.ts';
import { type Cli, warn } from '../cli/run.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { checkedHandle } from '../handles/checked-handle.ts';
import { handlePolicy } from '../handles/policy.ts';
import { MailQueue } from '../mail/queue.ts';
import { requireTenant } from '../tenants/find.ts';
import { mailFrame } from '../tenants/mail.ts';
import type { Tenant } from '../tenants/tenant.entity.ts';
import { defaultTenant } from '../tenants/tenants.store.ts';
import type { Invitation } from './invitations.store.ts';
import { invite } from './invitations.ts';

export type AddOptions = {
  tenant?: string;
  uses: number;
  /** In seconds. */
  expires: number;
  email?: string;
  handle?: string;
  send?: boolean;
  language?: string;
};

/** `link` is told now and never again: only its fingerprint is stored. */
export type MadeInvitation = Invitation & { link: string; mailed: boolean };

/**
 * @throws AppError `email_invalid`, `email_missing`, `uses_invalid`, `handle_unavailable`,
 *   `handle_taken` (409), `tenant_not_found` (404)
 */
export async function add(cli: Cli, options: AddOptions): Promise<MadeInvitation> {
  const { database, config, fingerprints } = cli;
  const tenant = options.tenant
    ? await requireTenant(database, options.tenant)
    : ((await defaultTenant(database)) as Tenant);
  const address = addressOf(options);
  assertForOne(options);
  const { handle: typed } = options;
  const person = { name: '', email: options.email ?? '' };
  const policy = handlePolicy({ serverName: config.matrix.serverName, ...config.handles });
  const handle = typed && (await checkedHandle(database, policy, { ...person, handle: typed }));
  return database.transaction(async (tx) => {
    const { invitation, token } = await invite(tx, fingerprints, {
      tenantId: tenant.id,
      uses: options.uses,
      address,
      handle: handle || undefined,
      seconds: options.expires,
      actor: 'operator',
    });
    const link = `${config.publicUrl}/invitation?token=${token}`;
    const mailed = options.send
      ? await send(tx, cli, tenant, { ...options, link, invitation })
      : false;
    return { ...invitation, link, mailed };
  });
}

function addressOf({ email, send: sends }: AddOptions): EmailAddress | undefined {
  if (email === undefined) {
    if (!sends) return undefined;
    throw new AppError('email_missing', { message: 'With --send, say whom it goes to: --email.' });
  }
  const address = parseEmail(email);
  if (address) return address;
  throw new AppError('email_invalid', { message: `"${email}" is no email address.` });
}

/** One address, and one handle, are for one person. */
function assertForOne({ uses, email, handle }: AddOptions): void {
  if (uses === 1 || (email === undefined && handle === undefined)) return;
  throw new AppError('uses_invalid', {
    message: 'An invitation with --email or --handle is for one person: leave --uses out.',
  });
}

async function send(
  tx: Transaction,
  { ring, fingerprints }: Cli,
  tenant: Tenant,
  order: { invitation: Invitation; link: string; language?: string },
): Promise<boolean> {
  const { invitation, link, language } = order;
  const queued = await new MailQueue({ ring, fingerprints }).queue(tx, {
    tenantId: tenant.id,
    to: invitation.email ?? '',
    template: 'invitation',
    locale: language ?? tenant.languages[0] ?? 'en',
    params: {
      brand: mailFrame(tenant).brand,
      link,
      until: invitation.expiresAt.toISOString(),
    },
  });
  if (!queued) warn('The mailbox had enough mail for now: nothing was sent, pass the link on.');
  return queued;
}
