import type { Queryable, Transaction } from '../database/database.ts';

/** A row as it is sealed: everything as text, in a form that never varies. */
export type SealableRow = {
  id: string;
  at: string;
  tenantId: string | null;
  actor: string;
  action: string;
  target: string | null;
  clientId: string | null;
  outcome: string;
  requestId: string | null;
  address: string | null;
  detail: string;
};

export type Commitments = {
  addressSalt: string | null;
  addressCommitment: string;
  detailSalt: string | null;
  detailCommitment: string;
};

export type Seal = {
  number: string;
  /** Of the oldest row that it covers. */
  since: string;
  rows: number;
  digest: string;
  seal: string;
};

/** A row that a seal covers, as far as it is still there. */
export type SealedRow = Partial<SealableRow> &
  Commitments & {
    id: string;
    sealNumber: string;
    gone: boolean;
    /** Old enough, or of an account that was deleted: its address may be gone. */
    mayLackAddress: boolean;
    mayLackDetail: boolean;
  };

const lock = 7_316_210;

/** To the microsecond, which a Date would lose. */
const exact = (column: string) =>
  `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

const columns = `a.id::text, ${exact('a.at')} as at,
  a.tenant_id::text as "tenantId", a.actor, a.action, a.target, a.client_id as "clientId", a.outcome,
  a.request_id as "requestId", a.address, a.detail::text as detail`;

/** One process seals at a time; nobody waits for another. */
export async function takeSealingLock(tx: Transaction): Promise<boolean> {
  const [row] = await tx.query<{ taken: boolean }>(
    'select pg_try_advisory_xact_lock($1) as taken',
    [lock],
  );
  return row?.taken === true;
}

export async function lastSeal(db: Queryable): Promise<Seal | undefined> {
  const [row] = await db.query<Seal>(
    `select number::text, ${exact('since')} as since, rows, digest, seal
      from audit_seals order by number desc limit 1`,
  );
  return row;
}

/**
 * Rows that no seal covers. Those of a transaction that was open when later rows were sealed come with
 * the next seal: an hour is looked back for them.
 */
export function unsealedRows(db: Queryable, limit: number): Promise<SealableRow[]> {
  return db.query<SealableRow>(
    `select ${columns} from audit a
      where a.at > coalesce((select max(sealed_at) - interval '1 hour' from audit_seals), '-infinity')
        and not exists (select from audit_sealed s where s.audit_id = a.id)
      order by a.id limit $1`,
    [limit],
  );
}

export async function insertSeal(
  tx: Transaction,
  { number, since, rows, digest, seal }: Seal,
  covered: readonly (Commitments & { id: string })[],
): Promise<void> {
  await tx.query(
    'insert into audit_seals (number, since, rows, digest, seal) values ($1, $2, $3, $4, $5)',
    [number, since, rows, digest, seal],
  );
  await tx.query(
    `insert into audit_sealed (audit_id, seal_number, address_salt, address_commitment, detail_salt,
        detail_commitment)
      select id, $1, address_salt, address_commitment, detail_salt, detail_commitment
      from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[]) as c
        (id, address_salt, address_commitment, detail_salt, detail_commitment)`,
    [
      number,
      covered.map(({ id }) => id),
      covered.map(({ addressSalt }) => addressSalt),
      covered.map(({ addressCommitment }) => addressCommitment),
      covered.map(({ detailSalt }) => detailSalt),
      covered.map(({ detailCommitment }) => detailCommitment),
    ],
  );
}

/** The next seals after one. `outdated`: some of its rows may have been removed by age. */
export function sealsAfter(
  db: Queryable,
  number: string,
  limit: number,
  keptDays: number,
): Promise<(Seal & { outdated: boolean })[]> {
  return db.query(
    `select number::text, ${exact('since')} as since, rows, digest, seal,
        since < now() - make_interval(days => $3) as outdated
      from audit_seals where number > $1 order by number limit $2`,
    [number, limit, keptDays],
  );
}

/**
 * Rows of some seals in order. What the audit says of a deletion counts only where the account is deleted:
 * whoever writes into the audit must not get at its rows by a line that says so.
 */
export function sealedRows(
  db: Queryable,
  first: string,
  last: string,
  addressDays: number,
): Promise<SealedRow[]> {
  return db.query<SealedRow>(
    `select ${columns}, s.audit_id::text as id, s.seal_number::text as "sealNumber",
        a.id is null as gone, s.address_salt as "addressSalt",
        s.address_commitment as "addressCommitment", s.detail_salt as "detailSalt",
        s.detail_commitment as "detailCommitment",
        a.at < now() - make_interval(days => $3) or d.deleted as "mayLackAddress",
        d.deleted as "mayLackDetail"
      from audit_sealed s
      left join audit a on a.id = s.audit_id
      cross join lateral (select exists (select from audit e
        where e.action = 'account.deleted' and e.target in (a.target, a.actor)
          and exists (select from accounts
            where id = case when e.target ~ '^[0-9a-f-]{36}$' then e.target::uuid end
              and status = 'deleted')) as deleted) d
      where s.seal_number between $1 and $2 order by s.seal_number, s.audit_id`,
    [first, last, addressDays],
  );
}

export async function unsealedCount(db: Queryable): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*)::int as count from audit a
      where a.at > coalesce((select max(sealed_at) - interval '1 hour' from audit_seals), '-infinity')
        and a.at < now() - interval '10 minutes'
        and not exists (select from audit_sealed s where s.audit_id = a.id)`,
  );
  return row?.count ?? 0;
}

/** Seals whose rows have all been removed by age. */
export async function removeEmptySeals(db: Queryable, keptDays: number): Promise<void> {
  await db.query(
    `delete from audit_seals z where sealed_at < now() - make_interval(days => $1)
      and not exists (select from audit_sealed s join audit a on a.id = s.audit_id
        where s.seal_number = z.number)`,
    [keptDays],
  );
}
