import { type Authority, ofTenants } from '../authority/authority.ts';
import type { Queryable } from '../database/database.ts';
import {
  type Condition,
  type Cursor,
  type Page,
  readPage,
  type Sorting,
} from '../database/keyset.ts';
import { isUuid } from '../text/uuid.ts';
import { type Account, accountColumns, withHandle } from './accounts.store.ts';

export const accountSorts = ['createdAt', 'name'] as const;
export type AccountSort = (typeof accountSorts)[number];

const sortings: Record<AccountSort, Sorting> = {
  createdAt: { by: 'a.created_at', type: 'timestamptz' },
  name: { by: 'lower(a.name)', type: 'text' },
};

export type AccountFilters = {
  tenantId?: string;
  status?: 'active' | 'disabled';
  matrixAccess?: 'active' | 'revoked';
  role?: string;
  /** The beginning of a handle or name, or a whole address or id. */
  search?: string;
};

/** The people whom somebody administers. */
export function listAccounts(
  db: Queryable,
  authority: Authority,
  filters: AccountFilters,
  wanted: { sort: AccountSort; descending: boolean; after?: Cursor; limit: number },
): Promise<Page<Account>> {
  return readPage<Account>(
    db,
    {
      columns: `${accountColumns}, h.handle`,
      from: `accounts a ${withHandle}`,
      id: { column: 'a.id', type: 'uuid' },
      sorting: sortings[wanted.sort],
      descending: wanted.descending,
      where: conditions(authority, filters),
    },
    wanted,
  );
}

function conditions(
  authority: Authority,
  { tenantId, status, matrixAccess, role, search }: AccountFilters,
): Condition[] {
  const all = ofTenants('a.tenant_id', authority, tenantId);
  all.push(status ? ['a.status = ?', status] : ['a.status <> ?', 'deleted']);
  if (matrixAccess) all.push(['a.matrix_access = ?', matrixAccess]);
  if (role) all.push(['? = any (a.roles)', role]);
  if (search) all.push(isUuid(search) ? ['a.id = ?', search] : [found, search]);
  return all;
}

/** Each branch has an index. The sign `^@` is "begins with", where nothing has to be escaped. */
const found = `a.id in (
  select id from accounts where lower(name) ^@ lower(?)
  union all select id from accounts where email_key = lower(?)
  union all select account_id from handles
    where state = 'active' and lower(handle) ^@ lower(ltrim(split_part(?, ':', 1), '@')))`;
