import { randomBytes, randomUUID } from 'node:crypto';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import type { RoomSettings } from '../../src/entities/room.ts';
import type { JobPayload } from '../../src/jobs/catalogue.ts';
import { registration } from '../../src/matrix/appservice/registration.ts';
import type { Endpoint } from '../../src/matrix/endpoints.ts';
import { type Actual, actualOf } from '../../src/matrix/rooms/actual.ts';
import type { RoomTaskOptions } from '../../src/matrix/rooms/dependencies.ts';
import { roomTasks } from '../../src/matrix/rooms/tasks.ts';
import { Synapse } from '../../src/matrix/synapse.ts';
import { testDatabase } from '../support/postgres.ts';
import { startSynapse, type Synapse as TestSynapse } from '../support/synapse.ts';
import { People } from './room-people.ts';

export const acme = '00000000-0000-4000-8000-00000000aaaa';
export const other = '00000000-0000-4000-8000-00000000bbbb';

export const roomSettings: RoomSettings = {
  botLocalpart: 'openmeet-bot',
  historyVisibility: 'joined',
  encryptedTypes: [],
  strangers: 'remove',
  removalShare: 30,
  names: {
    event: '{name}',
    group: '{name}',
    workspace: 'Mosaic: {name}',
    organization: '{name}',
  },
  aliases: {
    event: 'event-{tenant}-{slug}',
    group: 'group-{tenant}-{slug}',
    workspace: 'mosaic-{slug}',
    organization: 'organization-{tenant}-{slug}',
  },
  spaces: false,
  reconcileHours: 0,
};

export type RoomFields = Partial<{
  tenant: string;
  type: string;
  slug: string;
  state: string;
  name: string | null;
  topic: string | null;
  avatarUrl: string | null;
  creatorSlug: string;
  encrypted: boolean;
  crossTenant: boolean;
  purge: boolean;
  origin: string;
  strangers: string;
  roomId: string;
}>;

export type RoomsWorld = Awaited<ReturnType<typeof openRoomsWorld>>;

/**
 * A real Synapse whose bot makes rooms, and a database with two tenants. The bot is an application
 * service, or a plain admin of the server as for those who have only such a token.
 */
export async function openRoomsWorld({
  bot = 'appservice',
  settings = {},
  synapse = {},
}: {
  bot?: 'appservice' | 'admin';
  settings?: Partial<RoomSettings>;
  synapse?: object;
} = {}) {
  const secrets = { asToken: 'as-token', hsToken: 'hs-token', serverName: 'matrix.example' };
  const appservice = registration({ ...secrets, url: 'http://unused', rooms: roomSettings });
  const bridge = {
    ...{ id: 'bridge', url: null, as_token: 'bridge-as', hs_token: 'bridge-hs' },
    sender_localpart: 'bridge',
    namespaces: { users: [{ exclusive: true, regex: '@bridge\\..*' }], rooms: [], aliases: [] },
  };
  const own = bot === 'appservice' ? [{ ...appservice, url: null }] : [];
  const [homeserver, { url, drop }] = await Promise.all([
    startSynapse({ appservices: [...own, bridge], settings: synapse }),
    testDatabase(),
  ]);
  const database = await openDatabase({ url, poolSize: 10 });
  await database.query(
    `insert into tenants (id, slug, name) values ($1, 'acme', 'Acme'), ($2, 'other', 'Other')`,
    [acme, other],
  );
  const accessToken = bot === 'admin' ? homeserver.adminToken : secrets.asToken;
  if (bot === 'appservice') await enrol(homeserver, secrets.asToken);
  const access = { url: homeserver.url, accessToken };
  const port = new Synapse(access);
  const options: RoomTaskOptions = {
    database,
    synapse: port,
    serverName: homeserver.serverName,
    settings: { ...roomSettings, ...settings },
    fetchPicture: async () => {
      throw new Error('There are no pictures here');
    },
  };
  const stateOf = (roomId: string) => readState(homeserver, roomId);

  return {
    homeserver,
    database,
    databaseUrl: url,
    /** For a port of one's own. */
    access,
    accessToken,
    options,
    bot: await port.whoAmI(),
    people: new People(homeserver, database),
    /** Every call to Synapse that passes through, by the name of its endpoint. */
    counted(before?: (endpoint: Endpoint) => void) {
      const calls: string[] = [];
      const call = async (endpoint: Endpoint, ...rest: unknown[]) => {
        before?.(endpoint);
        calls.push(endpoint);
        return (port.call as (...args: unknown[]) => Promise<unknown>).call(
          port,
          endpoint,
          ...rest,
        );
      };
      const synapse = new Proxy(port, {
        get(_, name) {
          const value = name === 'call' ? call : Reflect.get(port, name);
          return typeof value === 'function' ? value.bind(port) : value;
        },
      });
      return { calls, options: { synapse } };
    },
    /** Says what there is; gives the id of the row. */
    room: (fields: RoomFields = {}) => insertRoom(database, fields),
    change: (id: string, fields: RoomFields) => changeRoom(database, id, fields),
    row: (id: string) => readRow(database, id),
    /** Does the worker's job once. */
    sync: (
      room: string,
      changed: Partial<RoomTaskOptions> = {},
      payload: Partial<JobPayload<'sync-room'>> = {},
    ) =>
      roomTasks({ ...options, ...changed })['sync-room'](
        { room, pictureTries: 0, ...payload },
        { jobId: '1', attempt: 1, last: false },
      ),
    /** The room as Synapse has it now. */
    async actual(id: string): Promise<Actual> {
      const { roomId } = await readRow(database, id);
      if (!roomId) throw new Error('There is no room yet');
      return stateOf(roomId);
    },
    stateOf,
    async close() {
      await database.close();
      await drop();
      await homeserver.stop();
    },
  };
}

/** Slugs, and with them aliases and handles, are of one test. */
export function newSlug(): string {
  return `t${randomBytes(6).toString('hex')}`;
}

async function enrol(homeserver: TestSynapse, asToken: string): Promise<void> {
  const { url, adminToken, serverName } = homeserver;
  await new Synapse({ url, accessToken: asToken }).registerBot(roomSettings.botLocalpart);
  const bot = `@${roomSettings.botLocalpart}:${serverName}`;
  await new Synapse({ url, accessToken: adminToken }).promote(bot);
}

async function readState(homeserver: TestSynapse, roomId: string): Promise<Actual> {
  const path = `/_synapse/admin/v1/rooms/${encodeURIComponent(roomId)}/state`;
  const { state } = await homeserver.admin<{ state: [] }>('GET', path);
  return actualOf(roomId, state);
}

async function insertRoom(database: Database, fields: RoomFields): Promise<string> {
  const id = randomUUID();
  const slug = fields.slug ?? newSlug();
  const { type = 'event', tenant = acme } = fields;
  await database.query(
    `with entity as (
        insert into entities (id, tenant_id, entity_type, entity_slug, state, name)
        values ($1, $2, $3::text, $4::text, 'active', 'A room') returning id)
      insert into matrix_rooms (entity, alias) select id, $3::text || '-' || $5::text from entity`,
    [id, tenant, type, slug, `${type === 'workspace' ? '' : 'x-'}${slug}`],
  );
  if (type === 'workspace') {
    await database.query('update matrix_rooms set alias = $2 where entity = $1', [
      id,
      `mosaic-${slug}`,
    ]);
  }
  await changeRoom(database, id, fields);
  return id;
}

const columns: Record<string, string> = {
  state: 'update entities set state = $2 where id = $1',
  name: 'update entities set name = $2 where id = $1',
  topic: 'update entities set topic = $2 where id = $1',
  avatarUrl: 'update entities set avatar_url = $2 where id = $1',
  creatorSlug: 'update entities set creator_slug = $2 where id = $1',
  encrypted: 'update entities set encrypted = $2 where id = $1',
  crossTenant: 'update entities set cross_tenant = $2 where id = $1',
  purge: 'update entities set purge = $2 where id = $1',
  origin: 'update matrix_rooms set origin = $2 where entity = $1',
  strangers: 'update matrix_rooms set strangers = $2 where entity = $1',
  roomId: 'update matrix_rooms set room_id = $2 where entity = $1',
};

async function changeRoom(database: Database, id: string, fields: RoomFields): Promise<void> {
  for (const [field, value] of Object.entries(fields)) {
    const statement = columns[field];
    if (statement) await database.query(statement, [id, value]);
  }
  await database.query('update entities set wanted_version = wanted_version + 1 where id = $1', [
    id,
  ]);
}

export type RowSeen = {
  roomId: string | null;
  formerRoomId: string | null;
  alias: string | null;
  error: string | null;
  isSynced: boolean;
  held: { count: number; digest: string; users: string[] } | null;
};

async function readRow(database: Database, id: string): Promise<RowSeen> {
  const [row] = await database.query<RowSeen>(
    `select room_id as "roomId", former_room_id as "formerRoomId", alias, error,
        synced_version = wanted_version as "isSynced", held_removals as held
      from entities join matrix_rooms on entity = entities.id where id = $1`,
    [id],
  );
  return row as RowSeen;
}
