import { randomBytes, randomUUID } from 'node:crypto';
import { type Account, insertAccount, type NewAccount } from '../../src/accounts/accounts.store.ts';
import { parseEmail } from '../../src/accounts/email-address.ts';
import type { Database, Queryable } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { Fingerprints } from '../../src/secrets/fingerprints.ts';
import { testDatabase } from '../support/postgres.ts';

/** A database with two tenants, seen by two instances that share their fingerprint key. */
export type Community = {
  /** One pool of connections per instance. */
  instances: [Database, Database];
  db: Database;
  fingerprints: Fingerprints;
  tenantId: string;
  otherTenantId: string;
  close(): Promise<void>;
};

export async function openCommunity(): Promise<Community> {
  const { url, drop } = await testDatabase();
  const open = () => openDatabase({ url, poolSize: 8 });
  const instances: [Database, Database] = [await open(), await open()];
  const [db] = instances;
  const tenant = async (slug: string) => {
    const id = randomUUID();
    await db.query('insert into tenants (id, slug, name) values ($1, $2, $3)', [id, slug, slug]);
    return id;
  };
  return {
    instances,
    db,
    fingerprints: new Fingerprints(randomBytes(32)),
    tenantId: await tenant('acme'),
    otherTenantId: await tenant('globex'),
    close: async () => {
      for (const instance of instances) await instance.close();
      await drop();
    },
  };
}

/** An account with a proved address and, if named, an active handle. */
export async function addAccount(
  { db, tenantId }: Community,
  { address, handle, ...account }: Partial<NewAccount> & { address: string; handle?: string },
): Promise<Account> {
  const { email, key: emailKey } = parseEmail(address) ?? {};
  const added = await insertAccount(db, {
    tenantId,
    name: 'Ada Lovelace',
    email,
    emailKey,
    emailVerified: true,
    ...account,
  });
  if (handle) {
    await db.query(
      `insert into handles (handle, account_id, tenant_id, state) values ($1, $2, $3, 'active')`,
      [handle, added.id, added.tenantId],
    );
  }
  return added;
}

/** Runs everything on `db`, and tells which statements that were. */
export function countingQueries(db: Queryable): Queryable & { texts: string[] } {
  const texts: string[] = [];
  return {
    texts,
    query<Row>(text: string, values?: readonly unknown[]) {
      texts.push(text);
      return db.query<Row>(text, values);
    },
    afterCommit: (work) => db.afterCommit(work),
  };
}
