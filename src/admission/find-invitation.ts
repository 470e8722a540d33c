import { type Authority, reaches, requireChange } from '../authority/authority.ts';
import type { Database, Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { isUuid } from '../text/uuid.ts';
import { type Invitation, invitationById, usesOf } from './invitations.store.ts';
import { revokeInvitation } from './invitations.ts';

export type FoundInvitation = Invitation & { usedBy: { accountId: string; usedAt: Date }[] };

/** @throws AppError `invitation_not_found` (404), also for another tenant's */
export async function invitationWithin(
  db: Queryable,
  authority: Authority,
  id: string,
): Promise<FoundInvitation> {
  const invitation = isUuid(id) ? await invitationById(db, id) : undefined;
  if (!invitation || !reaches(authority, invitation.tenantId)) {
    throw new AppError('invitation_not_found', {
      message: `There is no invitation ${id}. See: openmeet-id invitations list`,
    });
  }
  return { ...invitation, usedBy: await usesOf(db, invitation.id) };
}

/**
 * Ends an invitation that somebody administers.
 *
 * @throws AppError `invitation_not_found` (404)
 */
export async function endInvitation(
  database: Database,
  authority: Authority,
  id: string,
): Promise<FoundInvitation> {
  requireChange(authority);
  return database.transaction(async (tx) => {
    await revokeInvitation(tx, await invitationWithin(tx, authority, id), authority.actor);
    return invitationWithin(tx, authority, id);
  });
}
