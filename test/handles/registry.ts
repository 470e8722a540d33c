import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import type { Hold } from '../../src/handles/handles.store.ts';
import { handlePolicy } from '../../src/handles/policy.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';

export const policy = handlePolicy({
  serverName: 'matrix.example',
  reservedWords: [],
  reservedPatterns: [],
  appserviceNamespaces: [],
});

/** A registry of its own for the tests of a file, seen by two instances, with one tenant, `acme`. */
export function useRegistry() {
  let made: TestDatabase;
  const registry = {
    tenantId: randomUUID(),
    url: '',
    db: undefined as unknown as Database,
    /** The same database through another instance's pool. */
    other: undefined as unknown as Database,
    hold(changes: Partial<Hold> = {}): Hold {
      return {
        handle: 'john.doe',
        accountId: randomUUID(),
        tenantId: registry.tenantId,
        heldBy: `person ${randomUUID()}`,
        seconds: 300,
        ...changes,
      };
    },
    /** All that is known of a handle. */
    async row(handle: string) {
      const [row] = await registry.db.query<{
        handle: string;
        state: string;
        account_id: string | null;
        held_until: Date | null;
        held_by: string | null;
        imported: boolean;
      }>('select * from handles where lower(handle) = lower($1)', [handle]);
      return row;
    },
    /** Ends a hold now instead of waiting for it. */
    async expire(handle: string, interval = '1 second'): Promise<void> {
      await registry.db.query(
        'update handles set held_until = now() - $2::interval where handle = $1',
        [handle, interval],
      );
    },
    async addAccount(): Promise<string> {
      const id = randomUUID();
      await registry.db.query(
        `insert into accounts (id, tenant_id, name) values ($1, $2, 'Somebody')`,
        [id, registry.tenantId],
      );
      return id;
    },
  };
  beforeAll(async () => {
    made = await testDatabase();
    registry.url = made.url;
    registry.db = await openDatabase({ url: made.url, poolSize: 10 });
    registry.other = await openDatabase({ url: made.url, poolSize: 10 });
    await registry.db.query(`insert into tenants (id, slug, name) values ($1, 'acme', 'Acme')`, [
      registry.tenantId,
    ]);
  });
  afterAll(async () => {
    await registry.db.close();
    await registry.other.close();
    await made.drop();
  });
  return registry;
}
