import assert from 'node:assert/strict';
import type { Client } from '../../src/clients/clients.store.ts';
import type { World } from '../oidc/world.ts';
import { type Answer, addMachine, call, tokenOf } from './api.ts';

const scopes = ['rooms:read', 'rooms:write', 'members:write', 'events:write', 'access:write'];

export type RoomRecord = {
  entityType: string;
  entitySlug: string;
  tenantId: string;
  state: string;
  name: string;
  topic: string | null;
  avatarUrl: string | null;
  creatorSlug: string | null;
  encrypted: boolean;
  crossTenant: boolean;
  roomId: string | null;
  alias: string | null;
  sync: { state: string; code: string | null; error: string | null; syncedAt: string | null };
};

export type MemberRecord = {
  userSlug: string;
  userTenantId: string;
  role: string | null;
  powerLevel: number | null;
  override: number | null;
};

export type EventResult = {
  id: string | null;
  outcome: string;
  code: string | null;
  sync: RoomRecord['sync'] | null;
};

export type Ask = (method: string, path: string, body?: unknown) => Promise<Answer>;

/** A platform's program: of the default tenant unless told otherwise. */
export async function openPlatform(world: World, order: Partial<Client> = {}) {
  const tenantIds = [world.defaultTenantId];
  const token = await tokenOf(world, await addMachine(world, { tenantIds, scopes, ...order }));
  return platformWith(world, token);
}

export function platformWith(world: Pick<World, 'url'>, token: string) {
  const ask: Ask = (method, path, body) => call(world, path, { token, method, body });
  const good = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await ask(method, path, body);
    assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  };
  return {
    token,
    ask,
    /** Status and code of what must be refused. */
    async refusal(method: string, path: string, body?: unknown): Promise<[number, unknown]> {
      const answer = await ask(method, path, body);
      assert.ok(answer.status >= 400, `${method} ${path}: ${JSON.stringify(answer.body)}`);
      return [answer.status, answer.body.error];
    },
    tell: (entitySlug: string, more: object = {}) =>
      good<RoomRecord>('POST', '/matrix/rooms', {
        ...{ entityType: 'event', entitySlug, creatorSlug: 'ada', ...more },
      }),
    room: (slug: string, type = 'event') => good<RoomRecord>('GET', pathOf(slug, type)),
    good,
    /** Role, or role and level, of everybody in it, by slug. */
    async members(slug: string, type = 'event'): Promise<Record<string, unknown>> {
      const path = `${pathOf(slug, type)}/members`;
      const { members } = await good<{ members: MemberRecord[] }>('GET', path);
      return Object.fromEntries(members.map(({ userSlug, role }) => [userSlug, role]));
    },
    async report(...events: object[]): Promise<EventResult[]> {
      return (await good<{ results: EventResult[] }>('POST', '/events', { events })).results;
    },
  };
}

export type Platform = ReturnType<typeof platformWith>;

export function pathOf(slug: string, type = 'event'): string {
  return `/matrix/rooms/by-entity/${type}/${encodeURIComponent(slug)}`;
}
