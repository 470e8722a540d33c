import type { Queryable } from '../database/database.ts';

export type Passkey = {
  id: string;
  credentialId: string;
  accountId: string;
  tenantId: string;
  publicKey: Uint8Array<ArrayBuffer>;
  counter: number;
  /** To one device for good; never synced. */
  isBound: boolean;
  isSynced: boolean;
  transports: string[];
  name: string;
  createdAt: Date;
  lastUsedAt: Date | null;
};

const columns = `p.id, p.credential_id as "credentialId", p.account_id as "accountId",
  p.tenant_id as "tenantId", p.public_key as "publicKey", p.counter::float8 as counter,
  p.is_bound as "isBound", p.is_synced as "isSynced", p.transports, p.name,
  p.created_at as "createdAt", p.last_used_at as "lastUsedAt"`;

/** The oldest first. */
export function passkeysOf(db: Queryable, accountId: string): Promise<Passkey[]> {
  return db.query<Passkey>(
    `select ${columns} from passkeys p where p.account_id = $1 order by p.created_at, p.id`,
    [accountId],
  );
}

/** One of an account that may sign in, and at this tenant if one is named. */
export async function usablePasskey(
  db: Queryable,
  credentialId: string,
  tenantId: string | null,
): Promise<Passkey | undefined> {
  const [passkey] = await db.query<Passkey>(
    `select ${columns} from passkeys p
      join accounts a on a.id = p.account_id and a.status = 'active'
      join tenants t on t.id = a.tenant_id and t.status = 'active'
      where p.credential_id = $1 and ($2::uuid is null or t.id = $2)`,
    [credentialId, tenantId],
  );
  return passkey;
}

/** @returns false where there is a passkey of that name already, whosever it is */
export async function insertPasskey(
  tx: Queryable,
  passkey: Omit<Passkey, 'createdAt' | 'lastUsedAt'>,
): Promise<boolean> {
  const { id, credentialId, accountId, tenantId, publicKey, counter } = passkey;
  const { isBound, isSynced, transports, name } = passkey;
  const rows = await tx.query(
    `insert into passkeys (id, credential_id, account_id, tenant_id, public_key, counter,
        is_bound, is_synced, transports, name)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      on conflict (credential_id) do nothing returning id`,
    [
      ...[id, credentialId, accountId, tenantId, Buffer.from(publicKey), counter],
      ...[isBound, isSynced, transports, name],
    ],
  );
  return rows.length === 1;
}

/**
 * @returns false for a counter that does not go on: two devices have a key that only one should have.
 *   Those of synced passkeys say nothing, as each device counts for itself.
 */
export async function notePasskeyUse(
  db: Queryable,
  id: string,
  { counter, isSynced }: Pick<Passkey, 'counter' | 'isSynced'>,
): Promise<boolean> {
  const rows = await db.query(
    `update passkeys set counter = greatest(counter, $2), is_synced = $3, last_used_at = now()
      where id = $1 and (not is_bound or $2 > counter or ($2 = 0 and counter = 0)) returning id`,
    [id, counter, isSynced],
  );
  return rows.length === 1;
}

/** @returns false for one that is not the account's */
export async function setPasskeyName(
  tx: Queryable,
  { id, accountId, name }: Pick<Passkey, 'id' | 'accountId' | 'name'>,
): Promise<boolean> {
  const rows = await tx.query(
    'update passkeys set name = $3 where id = $1 and account_id = $2 returning id',
    [id, accountId, name],
  );
  return rows.length === 1;
}

/** @returns its name; undefined for one that is not the account's */
export async function deletePasskey(
  tx: Queryable,
  { id, accountId }: Pick<Passkey, 'id' | 'accountId'>,
): Promise<string | undefined> {
  const [row] = await tx.query<{ name: string }>(
    'delete from passkeys where id = $1 and account_id = $2 returning name',
    [id, accountId],
  );
  return row?.name;
}

export async function deletePasskeys(tx: Queryable, accountId: string): Promise<void> {
  await tx.query('delete from passkeys where account_id = $1', [accountId]);
}
