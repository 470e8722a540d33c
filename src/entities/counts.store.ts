import type { Queryable } from '../database/database.ts';

/** Rooms that there should be, by how they are; each counts once, by the worst. */
export type RoomCounts = {
  /** The last attempt did not succeed. */
  failed: number;
  /** People are to be taken out, and an operator is to confirm it. */
  held: number;
  /** For a worker. */
  waiting: number;
  ready: number;
};

export async function roomCounts(db: Queryable): Promise<RoomCounts> {
  const [row] = await db.query<RoomCounts>(
    `select count(*) filter (where error is not null)::int as failed,
        count(*) filter (where error is null and held_removals is not null)::int as held,
        count(*) filter (where error is null and held_removals is null
          and synced_version < wanted_version)::int as waiting,
        count(*) filter (where error is null and held_removals is null
          and synced_version >= wanted_version)::int as ready
      from entities join matrix_rooms on entity = entities.id
      where state in ('active', 'cancelled') or (state = 'deleted' and room_id is not null)`,
  );
  return row as RoomCounts;
}
