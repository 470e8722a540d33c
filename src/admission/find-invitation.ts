import type { Cli } from '../cli/run.ts';
import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { requireTenant } from '../tenants/find.ts';
import { type Invitation, invitationById, listInvitations, usesOf } from './invitations.store.ts';
import { revokeInvitation } from './invitations.ts';

export type FoundInvitation = Invitation & { usedBy: { accountId: string; usedAt: Date }[] };

/** @throws AppError `tenant_not_found` (404) */
export async function list({ database }: Cli, tenant?: string): Promise<Invitation[]> {
  const { id } = tenant ? await requireTenant(database, tenant) : { id: null };
  return listInvitations(database, id);
}

/** @throws AppError `invitation_not_found` (404) */
export async function show({ database }: Cli, id: string): Promise<FoundInvitation> {
  const invitation = await requireInvitation(database, id);
  return { ...invitation, usedBy: await usesOf(database, invitation.id) };
}

/** @throws AppError `invitation_not_found` (404) */
export async function revoke({ database }: Cli, id: string): Promise<Invitation> {
  return database.transaction(async (tx) => {
    await revokeInvitation(tx, await requireInvitation(tx, id), 'operator');
    return requireInvitation(tx, id);
  });
}

async function requireInvitation(db: Queryable, id: string): Promise<Invitation> {
  const invitation = isId(id) ? await invitationById(db, id) : undefined;
  if (invitation) return invitation;
  throw new AppError('invitation_not_found', {
    message: `There is no invitation ${id}. See: openmeet-id invitations list`,
  });
}

export function isId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
