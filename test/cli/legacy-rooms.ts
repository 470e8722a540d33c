import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Actual } from '../../src/matrix/rooms/actual.ts';
import type { RollbackReport } from '../../src/migration/rollback.ts';
import { openRoomsWorld } from '../matrix/rooms-world.ts';
import { runCli } from './terminal.ts';

export type LegacyRoom = { roomId: string; creator: string };

export type LegacyWorld = Awaited<ReturnType<typeof openLegacyWorld>>;

/**
 * A homeserver on which people have rooms already, made by another program's user, and the command
 * line of a service that is new to it.
 */
export async function openLegacyWorld() {
  const world = await openRoomsWorld();
  const { homeserver, database, people } = world;
  const directory = await mkdtemp(join(tmpdir(), 'openmeet-legacy-'));
  const env = {
    ...{ NODE_ENV: 'test', DATABASE_URL: world.databaseUrl, DATA_DIR: directory },
    ...{ MATRIX_SERVER_NAME: homeserver.serverName, SYNAPSE_URL: homeserver.url },
    ...{ MATRIX_ACCESS_TOKEN: world.accessToken },
    ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
  };
  const creator = `@old-program:${homeserver.serverName}`;
  await people.makeUser(creator);
  const inRoom = (roomId: string) => `/rooms/${encodeURIComponent(roomId)}`;

  const legacy = {
    ...world,
    env,
    creator,
    async file(name: string, content: string): Promise<string> {
      const path = join(directory, name);
      await writeFile(path, content);
      return path;
    },
    /** @throws Error with what the command said on standard error if it fails */
    async migrate<T>(...args: string[]): Promise<T> {
      const { code, stdout, stderr } = await runCli(['migration', ...args, '--json'], { env });
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    /** The error of a command that must fail. */
    async failure(...args: string[]): Promise<{ code: string; message: string }> {
      const { stderr } = await runCli(['migration', ...args, '--json'], { env });
      return JSON.parse(stderr.trim().split('\n').at(-1) ?? '').error;
    },
    rollBack: (path: string | undefined) =>
      legacy.migrate<RollbackReport>('rollback', `${path}`, '--apply'),
    /** A room with people in it, who have written to each other. */
    async legacyRoom({
      version = '10',
      members = [],
      levels = {},
      by = creator,
    }: {
      version?: string;
      members?: readonly string[];
      levels?: Record<string, number>;
      by?: string;
    } = {}): Promise<string> {
      const { room_id: roomId } = (await people.act(by, 'POST', '/createRoom', {
        ...{ preset: 'private_chat', room_version: version, name: 'From before' },
        invite: members,
        power_level_content_override: {
          users: { ...(version < '12' && { [by]: 100 }), ...levels },
        },
      })) as { room_id: string };
      for (const member of members) await people.act(member, 'POST', `${inRoom(roomId)}/join`);
      for (const writer of [by, ...members]) await legacy.say(writer, roomId);
      return roomId;
    },
    say: (writer: string, roomId: string) =>
      people.act(writer, 'PUT', `${inRoom(roomId)}/send/m.room.message/${randomUUID()}`, {
        ...{ msgtype: 'm.text', body: `${writer} was here` },
      }),
    /** What a person finds written in a room. */
    async history(reader: string, roomId: string): Promise<string[]> {
      const path = `${inRoom(roomId)}/messages?dir=b&limit=100`;
      const { chunk } = (await people.act(reader, 'GET', path)) as {
        chunk: { type: string; content: { body: string } }[];
      };
      return chunk.filter((it) => it.type === 'm.room.message').map((it) => it.content.body);
    },
    /** Gives the bot a place and power, as a careful operator does before moving. */
    async admit(roomId: string, by = creator): Promise<void> {
      const actual = await world.stateOf(roomId);
      const levels = actual.state('m.room.power_levels') as { users: Record<string, number> };
      const path = `${inRoom(roomId)}/state/m.room.power_levels/`;
      const users = { ...levels.users, [world.bot]: 100 };
      await people.act(by, 'PUT', path, { ...levels, users });
      await people.act(by, 'POST', `${inRoom(roomId)}/invite`, { user_id: world.bot });
      const join = `${homeserver.url}/_matrix/client/v3${inRoom(roomId)}/join`;
      const headers = { authorization: `Bearer ${world.accessToken}` };
      const answer = await fetch(join, { method: 'POST', headers, body: '{}' });
      if (!answer.ok) throw new Error(`The bot was answered ${answer.status}`);
    },
    levels: async (roomId: string) => levelsOf(await world.stateOf(roomId)),
    async rowOf(slug: string) {
      const [row] = await database.query<{ id: string; state: string; room_id: string | null }>(
        `select id, state, room_id, former_room_id, origin, metadata
          from entities join matrix_rooms on entity = entities.id where entity_slug = $1`,
        [slug],
      );
      if (!row) throw new Error(`There is no ${slug}`);
      return row;
    },
    async close() {
      await world.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return legacy;
}

function levelsOf(actual: Actual): Record<string, number> {
  const { users } = actual.state('m.room.power_levels') as { users: Record<string, number> };
  return users;
}
