import assert from 'node:assert/strict';
import type { Client } from '../../src/clients/clients.store.ts';
import type { World } from '../oidc/world.ts';

export type Answer = { status: number; headers: Headers; body: Record<string, unknown> };

type Machine = Client & { secret: string };

/** A program of the platform, for one tenant unless told otherwise. */
export function addMachine(world: World, order: Partial<Client> = {}): Promise<Machine> {
  return world.addClient({
    name: 'Platform',
    redirectUris: [],
    postLogoutRedirectUris: [],
    grantTypes: ['client_credentials'],
    scopes: ['handles:read', 'accounts:read', 'accounts:write'],
    firstParty: false,
    ...order,
  });
}

export async function askToken(
  world: World,
  client: Machine,
  params: Record<string, string> = {},
): Promise<Answer> {
  const credentials = Buffer.from(`${client.id}:${client.secret}`).toString('base64');
  const response = await fetch(`${world.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...params }),
  });
  return answerOf(response);
}

export async function tokenOf(world: World, client: Machine, scope?: string): Promise<string> {
  const { status, body } = await askToken(world, client, scope ? { scope } : {});
  assert.equal(status, 200, JSON.stringify(body));
  return body.access_token as string;
}

/** One request to the internal API. */
export async function call(
  world: Pick<World, 'url'>,
  path: string,
  options: { token?: string; method?: string; body?: unknown } = {},
): Promise<Answer> {
  const { token, method = 'GET', body } = options;
  const response = await fetch(`${world.url}/internal${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return answerOf(response);
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text ? JSON.parse(text) : {},
  };
}
