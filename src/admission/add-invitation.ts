import { type EmailAddress, parseEmail } from '../accounts/email-address.ts';
import { type Authority, requireChange } from '../authority/authority.ts';
import type { Database, Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { checkedHandle } from '../handles/checked-handle.ts';
import type { HandlePolicy } from '../handles/policy.ts';
import type { QueueMail } from '../mail/queue.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { tenantWithin } from '../tenants/find.ts';
import { mailFrame } from '../tenants/mail.ts';
import type { Tenant } from '../tenants/tenant.entity.ts';
import type { Invitation } from './invitations.store.ts';
import { invite } from './invitations.ts';

export type NewInvitation = {
  /** Slug, domain or id. */
  tenant: string;
  /** How many accounts it makes, from 1 to 10,000. */
  uses: number;
  /** How long it works, at most 366 days. */
  seconds: number;
  /** Only for whoever proves this address. */
  email?: string;
  /** Kept for them until it ends. */
  handle?: string;
  /** Whether it is mailed to the address, */
  send?: boolean;
  /** and in which language: the first of the tenant unless given. */
  language?: string;
};

export type InviteDependencies = {
  database: Database;
  fingerprints: Fingerprints;
  handlePolicy: HandlePolicy;
  queueMail: QueueMail;
  publicUrl: string;
};

/** `link` is told now and never again: only its fingerprint is stored. */
export type MadeInvitation = Invitation & { link: string; mailed: boolean };

const longestSeconds = 366 * 24 * 3600;

/**
 * Makes a link by which people join a tenant.
 *
 * @returns `mailed` is false also where the mailbox had enough mail for now
 * @throws AppError `email_invalid`, `email_missing`, `uses_invalid`, `handle_unavailable`,
 *   `handle_taken` (409), `tenant_not_found` (404)
 */
export async function addInvitation(
  dependencies: InviteDependencies,
  authority: Authority,
  wanted: NewInvitation,
): Promise<MadeInvitation> {
  const { database, fingerprints, handlePolicy, publicUrl } = dependencies;
  requireChange(authority);
  const tenant = await tenantWithin(database, authority, wanted.tenant);
  const address = addressOf(wanted);
  assertUses(wanted);
  const { handle: typed, uses, seconds } = wanted;
  const person = { name: '', email: wanted.email ?? '' };
  const handle =
    typed && (await checkedHandle(database, handlePolicy, { ...person, handle: typed }));
  return database.transaction(async (tx) => {
    const { invitation, token } = await invite(tx, fingerprints, {
      ...{ tenantId: tenant.id, uses, address, seconds, actor: authority.actor },
      handle: handle || undefined,
    });
    const link = `${publicUrl}/invitation?token=${token}`;
    const letter = { invitation, link, language: wanted.language };
    const mailed = wanted.send ? await send(tx, dependencies, tenant, letter) : false;
    return { ...invitation, link, mailed };
  });
}

function addressOf({ email, send: sends }: NewInvitation): EmailAddress | undefined {
  if (email === undefined) {
    if (!sends) return undefined;
    throw new AppError('email_missing', { message: 'With --send, say whom it goes to: --email.' });
  }
  const address = parseEmail(email);
  if (address) return address;
  throw new AppError('email_invalid', { message: `"${email}" is no email address.` });
}

/** One address, and one handle, are for one person. */
function assertUses({ uses, seconds, email, handle }: NewInvitation): void {
  const counted = Number.isInteger(uses) && uses >= 1 && uses <= 10_000;
  if (!counted || !(seconds >= 1 && seconds <= longestSeconds)) {
    throw new AppError('uses_invalid', {
      message: 'An invitation makes 1 to 10,000 accounts and works for 366 days at most.',
    });
  }
  if (uses === 1 || (email === undefined && handle === undefined)) return;
  throw new AppError('uses_invalid', {
    message: 'An invitation with --email or --handle is for one person: leave --uses out.',
  });
}

function send(
  tx: Transaction,
  { queueMail }: InviteDependencies,
  tenant: Tenant,
  { invitation, link, language }: { invitation: Invitation; link: string; language?: string },
): Promise<boolean> {
  return queueMail(tx, {
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
}
