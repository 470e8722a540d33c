import { randomBytes } from 'node:crypto';
import type { Queryable } from '../database/database.ts';
import type { KeyRing } from './keyring.ts';

const context = (purpose: string) => `data_keys:${purpose}:sealed:`;

/**
 * The key behind all fingerprints, made by whichever instance starts first.
 *
 * @throws AppError `encryption_key_missing` when ENCRYPTION_KEYS no longer holds the sealing key
 */
export async function loadFingerprintKey(db: Queryable, ring: KeyRing): Promise<Buffer> {
  const purpose = 'fingerprints';
  await db.query(
    'insert into data_keys (purpose, sealed) values ($1, $2) on conflict (purpose) do nothing',
    [purpose, ring.seal(randomBytes(32), context(purpose))],
  );
  const [row] = await db.query<{ sealed: string }>(
    'select sealed from data_keys where purpose = $1',
    [purpose],
  );
  return ring.open((row as { sealed: string }).sealed, context(purpose));
}

/** Seals the data keys again under the ring's first key. @returns how many changed */
export async function reencryptDataKeys(db: Queryable, ring: KeyRing): Promise<number> {
  const rows = await db.query<{ purpose: string; sealed: string }>(
    'select purpose, sealed from data_keys for update',
  );
  const stale = rows.filter(({ sealed }) => !ring.isCurrent(sealed));
  for (const { purpose, sealed } of stale) {
    const opened = ring.open(sealed, context(purpose));
    await db.query('update data_keys set sealed = $2 where purpose = $1', [
      purpose,
      ring.seal(opened, context(purpose)),
    ]);
  }
  return stale.length;
}
