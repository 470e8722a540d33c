import { randomBytes, randomUUID } from 'node:crypto';
import type { EmailAddress } from '../accounts/email-address.ts';
import { record } from '../audit/events.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { holdHandle, releaseHoldOf } from '../handles/hold.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import {
  type Invitation,
  insertInvitation,
  insertUse,
  invitationById,
  invitationByToken,
  markRevoked,
  takeUse,
} from './invitations.store.ts';

export type InvitationOrder = {
  tenantId: string;
  uses: number;
  /** Only for whoever proves this address. */
  address?: EmailAddress;
  /** Checked and normalised; kept for whoever comes by the invitation, until it ends. */
  handle?: string;
  seconds: number;
  /** Who invites, for the audit. */
  actor: string;
};

/**
 * The holder of a handle that is kept for whoever comes by an invitation. No fingerprint of a person
 * looks like this.
 */
export function keptBy(invitationId: string): string {
  return `invitation:${invitationId}`;
}

/**
 * Makes an invitation. Its token, 256 random bits, is given out here once; only its fingerprint is
 * stored.
 *
 * @throws AppError `handle_taken` (409)
 */
export async function invite(
  tx: Transaction,
  fingerprints: Fingerprints,
  order: InvitationOrder,
): Promise<{ invitation: Invitation; token: string }> {
  const { tenantId, uses, address, handle = null, seconds, actor } = order;
  const id = randomUUID();
  const token = randomBytes(32).toString('base64url');
  await insertInvitation(tx, {
    ...{ id, tenantId, uses, handle, seconds, createdBy: actor },
    token: fingerprintOf(fingerprints, token),
    email: address?.email ?? null,
    emailKey: address?.key ?? null,
  });
  if (handle) await keep(tx, { id, tenantId, handle, seconds });
  await record(tx, {
    ...{ action: 'invitation.created', actor, tenantId, target: id },
    detail: { uses, handle, addressed: address !== undefined },
  });
  return { invitation: (await invitationById(tx, id)) as Invitation, token };
}

/** The account that it will be is chosen with it, as for every hold. */
async function keep(
  tx: Transaction,
  { id, ...hold }: { id: string; tenantId: string; handle: string; seconds: number },
): Promise<void> {
  const held = await holdHandle(tx, { ...hold, accountId: randomUUID(), heldBy: keptBy(id) });
  if (held === 'taken') throw new AppError('handle_taken');
}

export function findInvitation(
  db: Queryable,
  fingerprints: Fingerprints,
  token: string,
): Promise<Invitation | undefined> {
  return invitationByToken(db, fingerprintOf(fingerprints, token));
}

/**
 * In the transaction that makes an account, before its handle becomes active: uses the invitation up
 * for it.
 *
 * @throws AppError `invitation_spent` (409) where it has no use left, or none for this person
 */
export async function useInvitation(
  tx: Transaction,
  use: { invitationId: string; tenantId: string; emailKey: string; accountId: string },
): Promise<void> {
  const { invitationId: id, tenantId, accountId } = use;
  if (!(await takeUse(tx, { ...use, id }))) {
    throw new AppError('invitation_spent');
  }
  await insertUse(tx, { invitationId: id, accountId });
  await record(tx, { action: 'invitation.used', actor: accountId, tenantId, target: id });
}

/** Whoever came by the invitation has chosen: a handle that it kept and they did not take is free. */
export async function releaseKeptHandle(tx: Transaction, invitationId: string): Promise<void> {
  await releaseHoldOf(tx, keptBy(invitationId));
}

/** Ends an invitation, and frees the handle that it kept. What it was used for before remains. */
export async function revokeInvitation(
  tx: Transaction,
  { id, tenantId }: Pick<Invitation, 'id' | 'tenantId'>,
  actor: string,
): Promise<void> {
  if (!(await markRevoked(tx, id))) return;
  await releaseKeptHandle(tx, id);
  await record(tx, { action: 'invitation.revoked', actor, tenantId, target: id });
}

function fingerprintOf(fingerprints: Fingerprints, token: string): string {
  return fingerprints.of('invitation', token);
}
