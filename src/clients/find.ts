import type { Queryable } from '../database/database.ts';
import { listTenants } from '../tenants/tenants.store.ts';
import { type Client, findClient, listClients } from './clients.store.ts';
import { clientNotFound } from './not-found.ts';

/** What may be shown of a client: its secret's HMAC may not. */
export type FoundClient = Omit<Client, 'secretHash' | 'tenantIds'> & {
  /** Slugs of the tenants it serves, unless it serves all. */
  tenants: string[];
};

export async function allClients(db: Queryable): Promise<FoundClient[]> {
  const slugs = await slugsById(db);
  return (await listClients(db)).map((client) => visible(client, slugs));
}

/** @throws AppError `client_not_found` (404) */
export async function requireClient(db: Queryable, id: string): Promise<FoundClient> {
  const client = await findClient(db, id);
  if (!client) throw clientNotFound(id);
  return visible(client, await slugsById(db));
}

async function slugsById(db: Queryable): Promise<ReadonlyMap<string, string>> {
  return new Map((await listTenants(db)).map(({ id, slug }) => [id, slug]));
}

function visible(client: Client, slugs: ReadonlyMap<string, string>): FoundClient {
  const { secretHash: _secretHash, tenantIds, ...rest } = client;
  return { ...rest, tenants: tenantIds.map((id) => slugs.get(id) ?? id).sort() };
}
