import type { Queryable } from '../database/database.ts';
import type { KeyRing } from '../secrets/keyring.ts';

export type TotpCredential = { id: string; tenantId: string; secretSealed: string };

const columns = 'id, tenant_id as "tenantId", secret_sealed as "secretSealed"';

/** Where a secret lives, for the key ring. */
export function secretContext({ id, tenantId }: Pick<TotpCredential, 'id' | 'tenantId'>): string {
  return `totp_credentials:${id}:secret_sealed:${tenantId}`;
}

/** One that was being set up before is worth nothing from now. */
export async function replaceUnconfirmed(
  tx: Queryable,
  credential: TotpCredential & { accountId: string; begunBy: string },
): Promise<void> {
  const { accountId } = credential;
  await tx.query('delete from totp_credentials where account_id = $1 and confirmed_at is null', [
    accountId,
  ]);
  await tx.query(
    `insert into totp_credentials (id, account_id, tenant_id, secret_sealed, begun_by)
      values ($1, $2, $3, $4, $5)`,
    [credential.id, accountId, credential.tenantId, credential.secretSealed, credential.begunBy],
  );
}

export async function unconfirmedTotp(
  db: Queryable,
  { accountId, begunBy }: { accountId: string; begunBy: string },
  minutes: number,
): Promise<TotpCredential | undefined> {
  const [row] = await db.query<TotpCredential>(
    `select ${columns} from totp_credentials where account_id = $1 and confirmed_at is null
      and begun_by = $2 and created_at > now() - make_interval(mins => $3)`,
    [accountId, begunBy, minutes],
  );
  return row;
}

export async function confirmedTotp(
  db: Queryable,
  accountId: string,
): Promise<TotpCredential | undefined> {
  const [row] = await db.query<TotpCredential>(
    `select ${columns} from totp_credentials where account_id = $1 and confirmed_at is not null`,
    [accountId],
  );
  return row;
}

/** It takes the place of the one that was in use; the caller has locked the account. */
export async function confirm(
  tx: Queryable,
  { accountId, id, step }: { accountId: string; id: string; step: number },
): Promise<void> {
  await tx.query(
    'delete from totp_credentials where account_id = $1 and confirmed_at is not null',
    [accountId],
  );
  await tx.query('update totp_credentials set confirmed_at = now(), last_step = $2 where id = $1', [
    id,
    step,
  ]);
}

/** @returns false where this code, or a later one, was used before */
export async function useStep(tx: Queryable, id: string, step: number): Promise<boolean> {
  const rows = await tx.query(
    `update totp_credentials set last_step = $2, last_used_at = now()
      where id = $1 and confirmed_at is not null and last_step < $2 returning id`,
    [id, step],
  );
  return rows.length === 1;
}

/** Also one that is being set up. @returns whether one was in use */
export async function deleteTotp(tx: Queryable, accountId: string): Promise<boolean> {
  const rows = await tx.query<{ used: boolean }>(
    `delete from totp_credentials where account_id = $1
      returning confirmed_at is not null as used`,
    [accountId],
  );
  return rows.some(({ used }) => used);
}

/** What nobody finished setting up. @returns how many went */
export async function removeUnconfirmed(db: Queryable, minutes: number): Promise<number> {
  const rows = await db.query(
    `delete from totp_credentials where id in (select id from totp_credentials
      where confirmed_at is null and created_at < now() - make_interval(mins => $1)
      limit 5000) returning id`,
    [minutes],
  );
  return rows.length;
}

/** Seals the secrets again under the ring's first key. @returns how many changed */
export async function reencryptTotp(tx: Queryable, ring: KeyRing): Promise<number> {
  const all = await tx.query<TotpCredential>(`select ${columns} from totp_credentials for update`);
  const stale = all.filter(({ secretSealed }) => !ring.isCurrent(secretSealed));
  for (const credential of stale) {
    const context = secretContext(credential);
    await tx.query('update totp_credentials set secret_sealed = $2 where id = $1', [
      credential.id,
      ring.seal(ring.open(credential.secretSealed, context), context),
    ]);
  }
  return stale.length;
}
