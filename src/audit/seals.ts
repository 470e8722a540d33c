import { createHash, randomBytes } from 'node:crypto';
import type { Database, Queryable } from '../database/database.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { auditRetention } from './retention.ts';
import {
  type Commitments,
  insertSeal,
  lastSeal,
  removeEmptySeals,
  type Seal,
  type SealableRow,
  type SealedRow,
  sealedRows,
  sealsAfter,
  takeSealingLock,
  unsealedRows,
} from './seals.store.ts';

const batch = 1000;

/**
 * Seals what happened since the last seal, in transactions of its own: nobody who writes a row waits
 * for another. The key is not in the database, so whoever can write there, and switch its triggers off,
 * can change or remove rows but not the seals that tell of it.
 */
export async function sealAudit(
  database: Database,
  fingerprints: Fingerprints,
  tell: (sealed: Pick<Seal, 'number' | 'rows' | 'seal'>) => void = () => {},
): Promise<void> {
  let sealed: Seal | undefined;
  do {
    sealed = await database.transaction(async (tx) => {
      if (!(await takeSealingLock(tx))) return undefined;
      const rows = await unsealedRows(tx, batch);
      if (rows.length === 0) return undefined;
      const last = await lastSeal(tx);
      const covered = rows.map((row) => ({ ...row, ...commit(row, fingerprints) }));
      const number = `${BigInt(last?.number ?? 0) + 1n}`;
      const digest = digestOf(covered);
      const since = rows.reduce((oldest, { at }) => (at < oldest ? at : oldest), rows[0]?.at ?? '');
      const content = { number, since, rows: rows.length, digest };
      const seal = sealOf(content, last?.seal, fingerprints);
      await insertSeal(tx, { ...content, seal }, covered);
      return { ...content, seal };
    });
    if (sealed) tell({ number: sealed.number, rows: sealed.rows, seal: sealed.seal });
  } while (sealed?.rows === batch);
  await removeEmptySeals(database, auditRetention.rows);
}

/** Why the audit cannot be believed. */
export type SealProblem = { seal: string; what: 'seal' | 'missing' | 'changed'; row?: string };

/**
 * Looks at every seal and every row that it covers.
 * @returns the first few problems, and the seal that nothing in the database says to be the last
 */
export async function verifyAudit(
  db: Queryable,
  fingerprints: Fingerprints,
): Promise<{ seals: number; rows: number; problems: SealProblem[]; last?: string }> {
  const found = {
    seals: 0,
    rows: 0,
    problems: [] as SealProblem[],
    last: undefined as string | undefined,
  };
  let previous: Seal | undefined;
  for (;;) {
    const seals = await sealsAfter(db, previous?.number ?? '0', 50, auditRetention.rows - 1);
    const [first] = seals;
    const last = seals.at(-1);
    if (!first || !last) return found;
    const rows = Map.groupBy(
      await sealedRows(db, first.number, last.number, auditRetention.addresses - 1),
      ({ sealNumber }) => sealNumber,
    );
    for (const seal of seals) {
      const covered = rows.get(seal.number) ?? [];
      found.seals += 1;
      found.rows += covered.length;
      found.problems.push(...problemsOf(seal, covered, previous, fingerprints));
      previous = seal;
      found.last = seal.seal;
    }
    if (found.problems.length > 20) return found;
  }
}

function problemsOf(
  seal: Seal & { outdated: boolean },
  rows: readonly SealedRow[],
  previous: Seal | undefined,
  fingerprints: Fingerprints,
): SealProblem[] {
  const chained = previous
    ? BigInt(seal.number) === BigInt(previous.number) + 1n
    : seal.number === '1' || seal.outdated;
  // What came before the oldest that is kept is not known any more.
  const known = previous !== undefined || seal.number === '1';
  if (!chained || (known && sealOf(seal, previous?.seal, fingerprints) !== seal.seal)) {
    return [{ seal: seal.number, what: 'seal' }];
  }
  if (seal.outdated) return [];
  const problems = rows.flatMap((row): SealProblem[] => {
    if (row.gone) return [{ seal: seal.number, what: 'missing', row: row.id }];
    return isErasedOrSame(row as SealedRow & SealableRow, fingerprints)
      ? []
      : [{ seal: seal.number, what: 'changed', row: row.id }];
  });
  if (problems.length > 0) return problems;
  const whole = rows.length === seal.rows && digestOf(rows as (SealedRow & SealableRow)[]);
  return whole === seal.digest ? [] : [{ seal: seal.number, what: 'changed' }];
}

/** The parts that may be erased, by age or with an account, and only then. */
function isErasedOrSame(row: SealedRow & SealableRow, fingerprints: Fingerprints): boolean {
  const { id, addressSalt, detailSalt } = row;
  const address =
    addressSalt === null
      ? row.address === null && row.mayLackAddress
      : row.addressCommitment === commitment(id, addressSalt, row.address, fingerprints);
  const detail =
    detailSalt === null
      ? row.detail === '{}' && row.mayLackDetail
      : row.detailCommitment === commitment(id, detailSalt, row.detail, fingerprints);
  return address && detail;
}

function commit(row: SealableRow, fingerprints: Fingerprints): Commitments {
  const [addressSalt, detailSalt] = [newSalt(), newSalt()];
  return {
    addressSalt,
    addressCommitment: commitment(row.id, addressSalt, row.address, fingerprints),
    detailSalt,
    detailCommitment: commitment(row.id, detailSalt, row.detail, fingerprints),
  };
}

const newSalt = () => randomBytes(16).toString('base64url');

function commitment(
  id: string,
  salt: string,
  value: string | null,
  fingerprints: Fingerprints,
): string {
  return fingerprints.of('audit commitment', JSON.stringify([id, salt, value]));
}

function digestOf(rows: readonly (SealableRow & Commitments)[]): string {
  const hash = createHash('sha256');
  for (const row of rows) {
    hash.update(
      JSON.stringify([
        ...[row.id, row.at, row.tenantId, row.actor, row.action, row.target, row.clientId],
        ...[row.outcome, row.requestId, row.addressCommitment, row.detailCommitment],
      ]),
    );
  }
  return hash.digest('base64url');
}

function sealOf(
  { number, since, rows, digest }: Omit<Seal, 'seal'>,
  previous: string | undefined,
  fingerprints: Fingerprints,
): string {
  return fingerprints.of(
    'audit seal',
    JSON.stringify([number, since, rows, digest, previous ?? null]),
  );
}
