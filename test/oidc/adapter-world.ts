import { randomBytes, randomUUID } from 'node:crypto';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { afterAll, beforeAll } from 'vitest';
import { ClientDirectory } from '../../src/clients/directory.ts';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { createAdapter } from '../../src/oidc/adapter.ts';
import { Fingerprints } from '../../src/secrets/fingerprints.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';

export const tenantId = randomUUID();
export const accountId = randomUUID();
export const clientId = 'app';

export const tokenModels = ['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode'];
export const models = [
  ...tokenModels,
  ...['ClientCredentials', 'Session', 'Interaction', 'Grant', 'ReplayDetection'],
  'PushedAuthorizationRequest',
];

const key = randomBytes(32);
const day = 24 * 3600;
export const sessions = { idleSeconds: 30 * day, maxSeconds: 90 * day };

export const newId = () => randomBytes(32).toString('base64url');
export const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

/** The adapter on a database of its own, with one tenant, account and client, for a group of cases. */
export function useAdapter() {
  let place: TestDatabase;
  let database: Database;
  let adapter: (model: string) => Adapter;

  beforeAll(async () => {
    place = await testDatabase();
    database = await openDatabase({ url: place.url, poolSize: 10 });
    const fingerprints = new Fingerprints(key);
    adapter = createAdapter({
      database,
      fingerprints,
      clients: new ClientDirectory(database),
      sessions,
    });
    await furnish(database);
  });
  afterAll(async () => {
    await database.close();
    await place.drop();
  });

  async function save(model: string, payload: AdapterPayload = {}, id = newId()): Promise<string> {
    const full = { jti: id, kind: model, exp: inAnHour(), ...payload };
    await adapter(model).upsert(id, full, 3600);
    return id;
  }

  return {
    /** What another process needs to be an instance beside this one. */
    place: () => ({ url: place.url, key: key.toString('base64') }),
    query: <Row>(text: string, values?: unknown[]) => database.query<Row>(text, values),
    database: () => database,
    adapter: (model: string) => adapter(model),
    save,
    saveToken: (model: string, payload: AdapterPayload = {}) =>
      save(model, { accountId, clientId, ...payload }),
  };
}

async function furnish(database: Database): Promise<void> {
  await database.query(`insert into tenants (id, slug, name) values ($1, 'acme', 'Acme')`, [
    tenantId,
  ]);
  await database.query(`insert into accounts (id, tenant_id, name) values ($1, $2, 'Ada')`, [
    accountId,
    tenantId,
  ]);
  await database.query(
    `insert into clients (id, name, token_endpoint_auth_method, all_tenants)
      values ($1, 'App', 'none', true)`,
    [clientId],
  );
}
