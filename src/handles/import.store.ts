import type { Queryable, Transaction } from '../database/database.ts';

/** What an import would meet; absent parts are null. */
export type ExistingHandle = {
  handle: string | null;
  state: 'held' | 'active' | 'tombstoned' | null;
  imported: boolean | null;
  account_id: string | null;
  /** The handle that the row's account has already. */
  accounts_handle: string | null;
  account_known: boolean;
};

type Row = { handle: string; accountId?: string };

function columns(rows: readonly Row[]): [string[], (string | null)[]] {
  return [rows.map((row) => row.handle), rows.map((row) => row.accountId ?? null)];
}

/** One for each row, in their order. */
export async function findExisting(db: Queryable, rows: readonly Row[]): Promise<ExistingHandle[]> {
  return db.query<ExistingHandle>(
    `select existing.handle, existing.state, existing.imported, existing.account_id,
            own.handle as accounts_handle, accounts.id is not null as account_known
       from unnest($1::text[], $2::uuid[]) with ordinality as wanted (handle, account_id, place)
       left join handles existing on lower(existing.handle) = lower(wanted.handle)
       left join handles own on own.account_id = wanted.account_id and own.state = 'active'
       left join accounts on accounts.id = wanted.account_id and accounts.status <> 'deleted'
      order by place`,
    columns(rows),
  );
}

/** Adds what is new and touches nothing else. Returns the handles that were added. */
export async function insertImported(
  tx: Transaction,
  rows: readonly Row[],
): Promise<ReadonlySet<string>> {
  const added = await tx.query<{ handle: string }>(
    `insert into handles (handle, account_id, tenant_id, state, imported)
     select wanted.handle, accounts.id, accounts.tenant_id,
            case when accounts.id is null then 'tombstoned' else 'active' end, true
       from unnest($1::text[], $2::uuid[]) as wanted (handle, account_id)
       left join accounts on accounts.id = wanted.account_id
     on conflict do nothing
     returning handle`,
    columns(rows),
  );
  return new Set(added.map((row) => row.handle));
}
