import { hash } from '@node-rs/argon2';
import { insertAccount } from '../../src/accounts/accounts.store.ts';
import { parseEmail } from '../../src/accounts/email-address.ts';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { beginProvisioning } from '../../src/matrix/matrix-users.store.ts';
import { addressOfPerson, passwordHashParameters, personPassword } from '../people.ts';

export const handleOf = (index: number) => `person${index}`;
/** What the platform calls them. */
export const slugOf = (index: number) => `person-${index}`;

/** People of the default tenant who signed up some time ago; the worker makes their Matrix users. */
export async function addPeople(databaseUrl: string, count: number): Promise<void> {
  const database = await openDatabase({ url: databaseUrl, poolSize: 2 });
  const passwordHash = await hash(personPassword, passwordHashParameters);
  const [tenant] = await database.query<{ id: string }>('select id from tenants where is_default');
  try {
    for (let index = 0; index < count; index += 1) {
      await addPerson(database, { index, passwordHash, tenantId: (tenant as { id: string }).id });
    }
    await everybodyIsReady(database, count);
  } finally {
    await database.close();
  }
}

type NewPerson = { index: number; passwordHash: string; tenantId: string };

function addPerson(database: Database, { index, passwordHash, tenantId }: NewPerson) {
  const { email, key: emailKey } = parseEmail(addressOfPerson(index)) ?? {};
  const handle = handleOf(index);
  return database.transaction(async (tx) => {
    const account = await insertAccount(tx, {
      ...{ tenantId, name: `Person ${index}`, email, emailKey, emailVerified: true },
      passwordHash,
      locale: 'en',
    });
    await tx.query(
      `insert into handles (handle, account_id, tenant_id, state) values ($1, $2, $3, 'active')`,
      [handle, account.id, tenantId],
    );
    await tx.query('update accounts set platform_slug = $2 where id = $1', [
      account.id,
      slugOf(index),
    ]);
    await beginProvisioning(tx, { handle, accountId: account.id });
  });
}

async function everybodyIsReady(database: Database, count: number): Promise<void> {
  for (;;) {
    const [row] = await database.query<{ ready: number }>(
      "select count(*)::int as ready from matrix_users where state = 'ready'",
    );
    if ((row?.ready ?? 0) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
