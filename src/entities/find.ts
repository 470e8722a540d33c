import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { requireTenant } from '../tenants/find.ts';
import { defaultTenant } from '../tenants/tenants.store.ts';
import type { EntityKey } from './entities.store.ts';
import { type FoundRoom, findRoom, findRooms, type ListedRoom } from './found-rooms.store.ts';
import type { EntityType } from './room.ts';

/** Which room: by what the platform calls its entity, in a tenant or in the default one. */
export type Which = { type: string; slug: string; tenant?: string };

/** @throws AppError `room_not_found`, `tenant_not_found` (404) */
export async function requireRoom(db: Queryable, which: Which): Promise<FoundRoom> {
  const { type, slug, tenant } = which;
  const found = tenant ? await requireTenant(db, tenant) : await defaultTenant(db);
  const room = found && (await findRoom(db, { tenantId: found.id, type, slug }));
  if (room) return room;
  throw new AppError('room_not_found', {
    message: `There is no room of the ${type} ${slug} in ${found?.slug ?? 'any tenant'}. See: openmeet-id rooms list`,
  });
}

/** @throws AppError `tenant_not_found` (404) */
export async function entityOf(
  db: Queryable,
  { type, slug, tenant }: Which & { type: EntityType },
): Promise<EntityKey> {
  const found = tenant ? await requireTenant(db, tenant) : await defaultTenant(db);
  if (!found) throw new AppError('tenant_not_found');
  return { tenantId: found.id, entityType: type, entitySlug: slug };
}

export async function listRooms(
  db: Queryable,
  { tenant, troubled, limit }: { tenant?: string; troubled?: boolean; limit: number },
): Promise<ListedRoom[]> {
  const tenantId = tenant ? (await requireTenant(db, tenant)).id : null;
  return findRooms(db, { tenantId, troubled: troubled ?? false, limit });
}
