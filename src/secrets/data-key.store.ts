import { randomBytes } from 'node:crypto';
import type { Queryable } from '../database/database.ts';
import { Fingerprints } from './fingerprints.ts';
import type { KeyRing } from './keyring.ts';

const context = (purpose: string) => `data_keys:${purpose}:sealed:`;

const rootPurpose = (generation: number) =>
  generation === 1 ? 'fingerprints' : `fingerprints:${generation}`;

/**
 * The fingerprints by the keys of this database; the first one is made by whichever instance starts first.
 *
 * @throws AppError `encryption_key_missing` when ENCRYPTION_KEYS no longer holds the sealing key
 */
export async function loadFingerprints(db: Queryable, ring: KeyRing): Promise<Fingerprints> {
  await insertKey(db, ring, rootPurpose(1), 'on conflict (purpose) do nothing');
  return new Fingerprints(...(await fingerprintRoots(db, ring)));
}

/** Another root on top of those that there are. @returns the fingerprints that count from now on */
export async function addFingerprintRoot(db: Queryable, ring: KeyRing): Promise<Fingerprints> {
  const roots = await fingerprintRoots(db, ring);
  await insertKey(db, ring, rootPurpose(roots.length + 1), '');
  return new Fingerprints(...(await fingerprintRoots(db, ring)));
}

async function insertKey(db: Queryable, ring: KeyRing, purpose: string, conflict: string) {
  await db.query(`insert into data_keys (purpose, sealed) values ($1, $2) ${conflict}`, [
    purpose,
    ring.seal(randomBytes(32), context(purpose)),
  ]);
}

async function fingerprintRoots(db: Queryable, ring: KeyRing): Promise<Buffer[]> {
  const rows = await db.query<{ purpose: string; sealed: string }>(
    `select purpose, sealed from data_keys where purpose ~ '^fingerprints(:[0-9]+)?$'`,
  );
  const sealed = new Map(rows.map((row) => [row.purpose, row.sealed]));
  return rows.map((_, index) => {
    const purpose = rootPurpose(index + 1);
    return ring.open(sealed.get(purpose) as string, context(purpose));
  });
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
