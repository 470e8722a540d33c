import assert from 'node:assert/strict';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { runCli } from '../cli/terminal.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { until } from '../support/until.ts';
import { type Answer, bot, type Human, newHuman, type StateEvent } from './human.ts';

type Caller = (method: string, path: string, body?: object) => Promise<Answer>;

export type LinkWorld = Platform & {
  newHuman(name: string): Promise<Human>;
  sql<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** A program of a tenant of its own, as it calls `/internal`. */
  newTenant(
    slug: string,
  ): Promise<(method: string, path: string, body?: object) => Promise<Answer>>;
  /** What the command printed, or the error it ended with. */
  operator(...args: string[]): Promise<Record<string, unknown>>;
  /** Whether the bot is in the room, or was invited, or has left. */
  membershipOfBot(roomId: string): Promise<string | undefined>;
};

/** The service acting as the bot of a real Synapse, on which strangers sign in by password. */
async function openLinkWorld(): Promise<LinkWorld> {
  const platform = await startPlatform({
    bot: true,
    synapse: { settings: { password_config: { enabled: true } } },
  });
  const { service, synapse } = platform;
  const pool = new pg.Pool({ connectionString: service.databaseUrl, max: 2 });
  const world: LinkWorld = {
    ...platform,
    newHuman: (name) => newHuman(synapse, name),
    sql: async (text, values) => (await pool.query(text, values)).rows,
    newTenant: (slug) => newTenant(service, slug),
    operator: (...args) => operate(service, args),
    async membershipOfBot(roomId) {
      const { state } = await synapse.admin<{ state: StateEvent[] }>(
        'GET',
        `/_synapse/admin/v1/rooms/${encodeURIComponent(roomId)}/state`,
      );
      const member = state.find((it) => it.type === 'm.room.member' && it.state_key === bot);
      return member?.content.membership as string | undefined;
    },
    stop: async () => {
      await pool.end();
      await platform.stop();
    },
  };
  return world;
}

async function newTenant(service: Platform['service'], slug: string): Promise<Caller> {
  await service.cli('tenants', 'add', '--slug', slug, '--name', slug);
  const { secret } = await service.cli<{ secret: string }>(
    ...['clients', 'add', '--id', `platform_${slug}`, '--name', slug, '--tenant', slug],
    ...['--grant', 'client_credentials', '--scope', 'rooms:write', '--scope', 'rooms:read'],
  );
  const credentials = Buffer.from(`platform_${slug}:${secret}`).toString('base64');
  const answer = await fetch(`${service.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return async (method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${service.url}/internal/matrix${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };
}

async function operate(service: Platform['service'], args: string[]) {
  const { code, stdout, stderr } = await runCli([...args, '--json'], {
    env: {
      NODE_ENV: 'test',
      PUBLIC_URL: service.url,
      DATA_DIR: service.dataDir,
      DATABASE_URL: service.databaseUrl,
      MATRIX_SERVER_NAME: 'matrix.example',
    },
  });
  return JSON.parse(code === 0 ? stdout : (stderr.trim().split('\n').at(-1) ?? ''));
}

/** The people and platforms of one test file, and what they do again and again. */
export type Linking = {
  world: LinkWorld;
  ann: Human;
  bob: Human;
  acme: Caller;
  other: Caller;
  /** Of an entity that nobody has told of. */
  newPath(): string;
  /** @returns what is to be said in the room */
  ask(path: string, roomId: string, platform?: Caller): Promise<string>;
  /** Ann does, and gives the bot this level: 100 unless told otherwise. */
  invite(roomId: string, level?: number): Promise<void>;
  /** The room of the entity. */
  roomOf(path: string, platform?: Caller): Promise<unknown>;
  /** How the worker left it, as soon as the room is the entity's. */
  linked(path: string, roomId: string, platform?: Caller): Promise<string>;
  botIs(roomId: string, membership: string): Promise<boolean>;
};

export function useLinking(): Linking {
  let count = 0;
  const linking: Linking = {
    ...(undefined as unknown as Pick<Linking, 'world' | 'ann' | 'bob' | 'acme' | 'other'>),
    newPath: () => `/rooms/by-entity/group/g${++count}/link`,
    async ask(path, roomId, platform = linking.acme) {
      const { status, body } = await platform('POST', path, { roomId });
      assert.equal(status, 201, JSON.stringify(body));
      return String(body.command);
    },
    async invite(roomId, level = 100) {
      const path = `/rooms/${encodeURIComponent(roomId)}/invite`;
      const answer = await linking.ann.call('POST', path, { user_id: bot });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      if (level > 0) await linking.ann.setLevel(roomId, bot, level);
    },
    async roomOf(path, platform = linking.acme) {
      return (await platform('GET', path.replace('/link', ''))).body.roomId ?? null;
    },
    linked: (path, roomId, platform = linking.acme) =>
      until(
        async () => {
          const { body } = await platform('GET', path.replace('/link', ''));
          const { state, code } = body.sync as { state: string; code: string | null };
          return body.roomId === roomId && state !== 'pending' && (code ?? state);
        },
        { what: `${path} to be ${roomId}` },
      ),
    botIs: (roomId, membership) =>
      until(async () => (await linking.world.membershipOfBot(roomId)) === membership, {
        what: `the bot to ${membership}`,
      }),
  };
  beforeAll(async () => {
    linking.world = await openLinkWorld();
    const { newHuman, newTenant } = linking.world;
    [linking.ann, linking.bob] = await Promise.all([newHuman('ann'), newHuman('bob')]);
    [linking.acme, linking.other] = await Promise.all([newTenant('acme'), newTenant('other')]);
  });
  afterAll(() => linking.world.stop());
  return linking;
}

/** What the platform calls the entity of a path. */
export function slugOf(path: string): string {
  return path.split('/')[4] as string;
}
