import type { Context } from 'koa';
import { z } from 'zod';
import type { Database } from '../database/database.ts';
import type { Change, DesiredStateSettings } from '../entities/desired-state.ts';
import { type EntityKey, type EntityWithRoom, entitiesByIds } from '../entities/entities.store.ts';
import { fullAlias } from '../entities/names.ts';
import { progressOf, untilSettled } from '../entities/progress.ts';
import { entityTypes } from '../entities/room.ts';
import { pathSlug } from './route.ts';

/** What all routes about rooms are made of. */
export type RoomDependencies = DesiredStateSettings & {
  database: Database;
  /** Whether any worker has a token for Synapse. */
  provisioning: boolean;
};

export const sync = z
  .object({
    state: z
      .enum(['pending', 'done', 'retrying', 'failed', 'waiting'])
      .describe(
        'How far Matrix is what is stored here. `retrying`: it failed, and is tried again by itself. `failed`: it was given up until something changes or you ask for it.',
      ),
    code: z
      .enum(['provisioning_off', 'entity_unknown', 'removals_held', 'sync_failed'])
      .nullable()
      .describe('Why it failed, or what it waits for.'),
    error: z.string().nullable().describe('For people.'),
    syncedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Sync' });

export const roomRecord = z
  .object({
    entityType: z.enum(entityTypes),
    entitySlug: z.string(),
    tenantId: z.uuid(),
    state: z
      .enum(['awaited', 'active', 'cancelled', 'deleted'])
      .describe('`awaited`: its members are known, the entity itself is not.'),
    name: z.string().describe('The slug, where no other was given.'),
    topic: z.string().nullable(),
    avatarUrl: z.string().nullable(),
    creatorSlug: z.string().nullable(),
    encrypted: z.boolean(),
    crossTenant: z.boolean(),
    roomId: z.string().nullable().describe('Null until the room was made.'),
    alias: z.string().nullable().describe('As in `#event-jazz:matrix.example`.'),
    sync,
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Room' });

/** Path parameters of all routes below an entity. */
export const entityParams = z.object({ type: z.enum(entityTypes), slug: pathSlug });
export const entityPath = '/matrix/rooms/by-entity/{type}/{slug}';

export const waitQuery = z.object({
  wait: z.coerce
    .number()
    .int()
    .min(0)
    .max(30)
    .optional()
    .describe('Seconds to wait for Matrix before answering with what is stored.'),
});

export const limitQuery = z.coerce.number().int().min(1).max(500).default(100);

export function entityOf(
  { type, slug }: z.output<typeof entityParams>,
  tenantId: string,
): EntityKey {
  return { tenantId, entityType: type, entitySlug: slug };
}

export function shownRoom(
  room: EntityWithRoom,
  { serverName, provisioning }: RoomDependencies,
): z.input<typeof roomRecord> {
  return {
    ...room,
    name: room.name ?? room.entitySlug,
    alias: room.alias === null ? null : fullAlias(room.alias, serverName),
    sync: shownSync(room, provisioning),
    createdAt: room.createdAt.toISOString(),
    updatedAt: room.updatedAt.toISOString(),
  };
}

export function shownSync(room: EntityWithRoom, provisioning: boolean): z.input<typeof sync> {
  const { syncedAt, ...progress } = progressOf(room, provisioning);
  return { ...progress, syncedAt: syncedAt?.toISOString() ?? null };
}

/** The rooms as they are once the worker has followed, or the caller would wait no longer. */
export async function roomsAfter(
  { database, provisioning }: RoomDependencies,
  changes: readonly Change[],
  { wait = 0 }: z.output<typeof waitQuery>,
  ctx: Context,
): Promise<EntityWithRoom[]> {
  if (wait > 0 && provisioning) {
    await untilSettled(database, changes, { seconds: wait, isGone: () => ctx.res.closed });
  }
  return entitiesByIds(
    database,
    changes.map(({ id }) => id),
  );
}

export async function roomAfter(
  parts: RoomDependencies,
  change: Change,
  query: z.output<typeof waitQuery>,
  ctx: Context,
): Promise<EntityWithRoom> {
  const [room] = await roomsAfter(parts, [change], query, ctx);
  return room as EntityWithRoom;
}

/** Where a list goes on: opaque to callers. */
export function cursorOf(place: readonly string[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

const place = z.tuple([z.string(), z.string()]);

export const cursor = z
  .string()
  .max(2000)
  .transform((text, context) => {
    try {
      return place.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    } catch {
      context.addIssue({ code: 'custom', message: 'is not the `next` of a list' });
      return z.NEVER;
    }
  })
  .describe('The `next` of the page before.');
