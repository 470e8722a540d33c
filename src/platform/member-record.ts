import { z } from 'zod';
import { printable } from '../api/route.ts';
import type { Client } from '../clients/clients.store.ts';
import type { Queryable } from '../database/database.ts';
import { accountIn } from '../entities/desired-state.ts';
import type { Entity, EntityWithRoom } from '../entities/entities.store.ts';
import type { Member, MemberChange } from '../entities/member-calls.ts';
import { type Membership, peopleOfTenant } from '../entities/memberships.store.ts';
import { banned, levelOf } from '../entities/roles.ts';
import { AppError } from '../errors.ts';
import { shownSync, sync } from './room-record.ts';
import { pathSlug } from './route.ts';
import { tenantOfRequest } from './tenant.ts';

export const userSlug = pathSlug.describe(
  "The platform's slug of a user, or `account:` and the id of an account or guest.",
);
export const userTenantId = z
  .uuid()
  .optional()
  .describe("The user's tenant, where that is another and the entity is open to other tenants.");
export const role = printable.describe(
  'Of an event: creator, organizer, attendee; of a group or organization: owner, admin, member; of a workspace: owner, member; of all: banned.',
);

const fields = {
  userSlug: z.string(),
  userTenantId: z.uuid(),
  role: z.string().nullable().describe('Null for somebody who does not belong.'),
  powerLevel: z.number().int().nullable().describe('What counts in Matrix; null for no member.'),
  override: z
    .number()
    .int()
    .nullable()
    .describe("Given instead of the role's level, until the next statement about the role."),
  awaitingConfirmation: z
    .boolean()
    .describe("Was a guest's, and its person has not yet confirmed it: counts for nothing."),
};

export const member = z.object(fields).meta({ id: 'Member' });
export const memberWithSync = z.object({ ...fields, sync }).meta({ id: 'MemberChange' });

type Named = { userSlug: string; userTenantId?: string };

/**
 * Whom the caller means. A tenant that it does not serve cannot be told from one that does not exist.
 *
 * @throws AppError `tenant_not_found`, `account_not_found` (404)
 */
export async function membersOf<Some extends Named>(
  db: Queryable,
  client: Client,
  tenantId: string,
  named: readonly Some[],
): Promise<(Some & Member)[]> {
  const found = named.map((some) => ({
    ...some,
    tenantId: some.userTenantId ?? tenantId,
    slug: some.userSlug,
  }));
  for (const tenant of new Set(found.map((it) => it.tenantId))) {
    if (tenant !== tenantId) await tenantOfRequest(db, client, [tenant]);
    const ids = found.flatMap((it) => (it.tenantId === tenant ? idsIn(it.slug) : []));
    const known = ids.length > 0 ? await peopleOfTenant(db, tenant, ids) : new Set<string>();
    if (ids.some((id) => !known.has(id))) throw new AppError('account_not_found');
  }
  return found;
}

/** The same for one person. */
export async function memberOf(
  db: Queryable,
  client: Client,
  tenantId: string,
  { userSlug, userTenantId }: Named,
): Promise<Member> {
  const [one] = await membersOf(db, client, tenantId, [{ userSlug, userTenantId }]);
  return one as Member;
}

/** @throws AppError `account_not_found` (404) for what begins like an id and is none */
function idsIn(slug: string): string[] {
  if (!slug.startsWith('account:')) return [];
  const id = accountIn(slug);
  if (!id) throw new AppError('account_not_found');
  return [id];
}

export function shownMember(
  { memberTenantId, member: slug, role: held, powerLevel, awaitingConfirmation }: Membership,
  { entityType }: Entity,
): z.input<typeof member> {
  const level = held === null || held === banned ? null : levelOf(entityType, held);
  return {
    userSlug: slug,
    userTenantId: memberTenantId,
    role: held,
    powerLevel: level === null ? null : (powerLevel ?? level),
    override: level === null ? null : powerLevel,
    awaitingConfirmation,
  };
}

/** Also of somebody of whom nothing was ever said. */
export function shownChange(
  { membership }: MemberChange,
  whom: Member,
  room: EntityWithRoom,
  provisioning: boolean,
): z.input<typeof memberWithSync> {
  const nobody = { role: null, powerLevel: null, override: null, awaitingConfirmation: false };
  return {
    ...(membership
      ? shownMember(membership, room)
      : { userSlug: whom.slug, userTenantId: whom.tenantId, ...nobody }),
    sync: shownSync(room, provisioning),
  };
}
