import pg from 'pg';
import { platformWith } from '../platform/room-platform.ts';
import { Visitor } from '../support/forms.ts';
import type { Page } from '../support/page.ts';
import { type Platform, type PlatformOptions, startPlatform } from '../support/platform.ts';
import { type Chat, openChat } from './chat.ts';
import { password } from './newcomer.ts';

/** Nobody answers there: the browser stops where it would go. */
const appUrl = 'http://chat.test/';

export const bot = '@openmeet-bot:matrix.example';

export type PlatformApi = ReturnType<typeof platformWith>;
export type Tenant = { id: string; slug: string };

/** A platform, the service with its bot, a homeserver and people with Matrix clients. */
export type RoomsWorld = Platform & {
  /** The platform's program for the default tenant. */
  api: PlatformApi;
  /** A program of these tenants, or of all there are. */
  openApi(tenants: readonly string[] | 'all'): Promise<PlatformApi>;
  addTenant(slug: string): Promise<Tenant>;
  /** Each has a Matrix user, and is called by the platform what their handle is. Gives the ids. */
  addPeople(names: readonly string[], tenant?: string): Promise<string[]>;
  /** From the button of a Matrix client up to where it leads; `tenant` as its button may name it. */
  press(visitor: Visitor, tenant?: string): Promise<Page>;
  /** The whole sign-in, up to a client that shows its rooms. */
  signIn(name: string, tenant?: string): Promise<Chat>;
  /** What Synapse holds of a room. */
  stateOf(roomId: string): Promise<StateEvent[]>;
  allRooms(): Promise<ActualRoom[]>;
  /** Lets rooms be tried again at once instead of after a pause; gives how often each was tried. */
  hurry(): Promise<number[]>;
};

export type StateEvent = {
  type: string;
  state_key: string;
  event_id: string;
  content: Record<string, unknown>;
};
export type ActualRoom = { room_id: string; joined_members: number };

const scopes = ['rooms:read', 'rooms:write', 'members:write', 'events:write', 'access:write'];

export async function startRoomsWorld(options: PlatformOptions = {}): Promise<RoomsWorld> {
  const platform = await startPlatform({ bot: true, webClients: [appUrl], ...options });
  const { service, synapse } = platform;
  const chats: Chat[] = [];
  let clients = 0;
  const openApi = async (tenants: readonly string[] | 'all'): Promise<PlatformApi> => {
    const id = `platform-${clients++}`;
    const whose = tenants === 'all' ? ['--all-tenants'] : tenants.flatMap((it) => ['--tenant', it]);
    const rights = [...scopes, 'accounts:read', 'accounts:write'].flatMap((it) => ['--scope', it]);
    const { secret } = await service.cli<{ secret: string }>(
      ...['clients', 'add', '--id', id, '--grant', 'client_credentials', ...whose, ...rights],
    );
    const answer = await fetch(`${service.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    return platformWith(service, token);
  };
  const press = async (visitor: Visitor, tenant?: string): Promise<Page> => {
    const button = `${synapse.url}/_matrix/client/v3/login/sso/redirect/oidc-openmeet`;
    const answer = await visitor.fetch(`${button}?redirectUrl=${encodeURIComponent(appUrl)}`);
    const target = new URL(answer.headers.location ?? '');
    if (tenant) target.searchParams.set('tenant', tenant);
    return visitor.open(target);
  };
  return {
    ...platform,
    api: await openApi(['default']),
    openApi,
    press,
    addTenant: (slug) => service.cli('tenants', 'add', '--slug', slug, '--name', slug),
    addPeople: (names, tenant = 'default') =>
      Promise.all(names.map((name) => addPerson(platform, name, tenant))),
    signIn: async (name, tenant) => {
      const visitor = newVisitor();
      const page = await press(visitor, tenant);
      const end = await visitor.submit(page, { email: name, password });
      const chat = await openChat(synapse.url, loginTokenOf(end));
      chats.push(chat);
      return chat;
    },
    stateOf: async (roomId) => {
      const path = `/_synapse/admin/v1/rooms/${encodeURIComponent(roomId)}/state`;
      const { state } = await synapse.admin<{ state: StateEvent[] }>('GET', path);
      return state.map(({ type, state_key, event_id, content }) => ({
        ...{ type, state_key, event_id, content },
      }));
    },
    allRooms: async () =>
      (await synapse.admin<{ rooms: ActualRoom[] }>('GET', '/_synapse/admin/v1/rooms?limit=500'))
        .rooms,
    hurry: () => hurry(service.databaseUrl),
    stop: async () => {
      for (const { client } of chats) client.stopClient();
      await platform.stop();
    },
  };
}

/** Somebody who stops where the chat app would take over. */
export function newVisitor(): Visitor {
  return new Visitor({ stopAt: (url) => url.href.startsWith(appUrl) });
}

/** @throws Error with what the page says, if it is not the app's */
export function loginTokenOf(end: Page): string {
  const token = end.url.searchParams.get('loginToken');
  if (!token) throw new Error(`The sign-in ends at ${end.url.href}: ${end.text}`);
  return token;
}

/** Nobody wants to wait for the pauses between attempts. */
async function hurry(connectionString: string): Promise<number[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ attempts: number }>(
      `select attempts from graphile_worker.jobs where task_identifier = 'sync-room'`,
    );
    await client.query(
      `update graphile_worker._private_jobs set run_at = now()
        where key like 'sync-room:%' and locked_at is null`,
    );
    return rows.map(({ attempts }) => attempts);
  } finally {
    await client.end();
  }
}

async function addPerson({ service }: Platform, name: string, tenant: string): Promise<string> {
  const { id } = await service.cli<{ id: string }>(
    ...['accounts', 'add', '--email', `${name}@example.org`, '--name', name, '--handle', name],
    ...['--password', password, '--platform-slug', name, '--tenant', tenant],
  );
  return id;
}
