import { AppError } from '../errors.ts';
import { readRows } from '../files/rows.ts';
import { requireTenant } from '../tenants/find.ts';
import { matrixRoomId, plainName } from './import/fields.ts';
import type { Problem } from './import/lines.ts';
import { type KnownRoom, knownRooms, roomsByRoomIds } from './known-rooms.store.ts';
import type { Target } from './target.ts';

/** A room to look at, and whose it is, if anybody's. */
export type SelectedRoom = { roomId: string; known: KnownRoom | undefined };

export type SourceOptions = { tenant?: string; file?: string };

const pageSize = 200;

/** The rooms that we have, or those that a file names, whether we have them or not. */
export function selectRooms(
  target: Pick<Target, 'database'>,
  { tenant, file }: SourceOptions,
  problem: (problem: Problem) => void,
): AsyncGenerator<SelectedRoom> {
  if (file && tenant) {
    throw new AppError('bad_input', { message: 'Give either --file or --tenant.' });
  }
  return file ? roomsOfFile(target, file, problem) : ourRooms(target, tenant);
}

async function* ourRooms({ database }: Pick<Target, 'database'>, tenant: string | undefined) {
  for await (const known of allKnownRooms(database, tenant)) {
    yield { roomId: known.roomId, known };
  }
}

export async function* allKnownRooms(
  database: Target['database'],
  tenant: string | undefined,
): AsyncGenerator<KnownRoom> {
  const tenantId = tenant ? (await requireTenant(database, tenant)).id : null;
  for (let after: string | null = null; ; ) {
    const page = await knownRooms(database, { tenantId, after, limit: pageSize });
    yield* page;
    if (page.length < pageSize) return;
    after = page.at(-1)?.id ?? null;
  }
}

/** Room ids may stand in any of the files that are imported: other columns do not matter. */
async function* roomsOfFile(
  { database }: Pick<Target, 'database'>,
  file: string,
  problem: (problem: Problem) => void,
): AsyncGenerator<SelectedRoom> {
  const seen = new Set<string>();
  let page: string[] = [];
  for await (const row of readRows(file, checkColumns)) {
    const found = 'fields' in row ? roomIdIn(row.fields) : { fault: row.problem };
    if (!found) continue;
    if (typeof found !== 'string') {
      problem({ line: row.line, reason: 'invalid', message: found.fault });
      continue;
    }
    if (seen.has(found)) continue;
    seen.add(found);
    page.push(found);
    if (page.length < pageSize) continue;
    yield* await withOwners(database, page);
    page = [];
  }
  yield* await withOwners(database, page);
}

const isRoomColumn = (name: string) => ['roomid', 'matrixroomid'].includes(plainName(name));

function roomIdIn(fields: Readonly<Record<string, unknown>>) {
  const [, value] = Object.entries(fields).find(([name]) => isRoomColumn(name)) ?? [];
  if (value === undefined || value === null || value === '') return undefined;
  const read = matrixRoomId.safeParse(value);
  return read.success ? read.data : { fault: `${String(value).slice(0, 100)} is no room id` };
}

function checkColumns(names: readonly string[]): void {
  if (names.some(isRoomColumn)) return;
  throw new AppError('import_unreadable', { message: 'The first line names no column "room_id".' });
}

async function withOwners(
  database: Target['database'],
  roomIds: readonly string[],
): Promise<SelectedRoom[]> {
  const known = new Map((await roomsByRoomIds(database, roomIds)).map((it) => [it.roomId, it]));
  return roomIds.map((roomId) => ({ roomId, known: known.get(roomId) }));
}
