import assert from 'node:assert/strict';
import type { Client } from '../../src/clients/clients.store.ts';
import type { World } from '../oidc/world.ts';
import { type Answer, addMachine, askToken } from '../platform/api.ts';

/** A token of a program that administers: all tenants unless told otherwise. */
export async function adminToken(
  world: World,
  { scope, ...order }: Partial<Client> & { scope?: string } = {},
): Promise<string> {
  const client = await addMachine(world, { scopes: ['admin:read', 'admin:write'], ...order });
  const answer = await askToken(world, client, { scope: scope ?? client.scopes.join(' ') });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.access_token as string;
}

type Asked = {
  token?: string;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
};

/** One request to the API of administrators. */
export async function admin(
  world: Pick<World, 'url'>,
  path: string,
  { token, method = 'GET', body, headers = {} }: Asked = {},
): Promise<Answer> {
  const response = await fetch(`${world.url}/admin/api/v1${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') ? JSON.parse(text) : { text },
  };
}

/** Every item of a list, page by page. */
export async function allPages<Item>(
  world: Pick<World, 'url'>,
  path: string,
  token: string,
): Promise<Item[]> {
  const items: Item[] = [];
  let after: string | null = '';
  while (after !== null) {
    const mark: string = after && `&after=${encodeURIComponent(after)}`;
    const { status, body } = await admin(world, `${path}${mark}`, { token });
    assert.equal(status, 200, JSON.stringify(body));
    items.push(...(body.items as Item[]));
    after = body.next as string | null;
  }
  return items;
}
