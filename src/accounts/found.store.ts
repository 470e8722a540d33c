import type { Queryable } from '../database/database.ts';
import type { FoundAccount } from './found.ts';

const columns = `a.id, a.tenant_id as "tenantId", t.slug as tenant, a.status, a.name, h.handle,
  a.email, a.email_verified as "emailVerified", a.picture, a.locale,
  a.password_hash is not null as "hasPassword", a.matrix_access as "matrixAccess",
  a.matrix_revoked_by_operator as "matrixRevokedByOperator",
  (select m.state from matrix_users m where m.handle = h.handle and m.account_id = a.id)
    as "matrixUser",
  a.platform_user_id as "platformUserId", a.platform_slug as "platformSlug", a.roles,
  a.platform_roles as "platformRoles", a.administrator_ended_at as "administratorEndedAt", a.groups,
  (select count(*)::int from oidc_artifacts s where s.account_id = a.id and s.model = 'Session'
    and s.expires_at > now()) as sessions,
  a.last_sign_in_at as "lastSignInAt", a.created_at as "createdAt", a.updated_at as "updatedAt"`;
const tables = `accounts a join tenants t on t.id = a.tenant_id
  left join handles h on h.account_id = a.id and h.state = 'active'`;

export async function findAccount(db: Queryable, id: string): Promise<FoundAccount | undefined> {
  const [account] = await db.query<FoundAccount>(
    `select ${columns} from ${tables} where a.id = $1`,
    [id],
  );
  return account;
}

/** In every tenant, or in one. */
export function findByEmail(
  db: Queryable,
  emailKey: string,
  tenantId: string | null,
): Promise<FoundAccount[]> {
  return db.query<FoundAccount>(
    `select ${columns} from ${tables}
      where a.email_key = $1 and ($2::uuid is null or a.tenant_id = $2) order by t.slug`,
    [emailKey, tenantId],
  );
}

/** The text is taken as it is, wherever it stands in name, handle or address. */
export function searchAccounts(
  db: Queryable,
  wanted: { tenantId: string | null; text: string | null; limit: number },
): Promise<FoundAccount[]> {
  return db.query<FoundAccount>(
    `select ${columns} from ${tables}
      where a.status <> 'deleted' and ($1::uuid is null or a.tenant_id = $1)
        and ($2::text is null or position(lower($2) in
          lower(concat_ws(' ', a.name, h.handle, a.email))) > 0)
      order by a.created_at desc, a.id limit $3`,
    [wanted.tenantId, wanted.text, wanted.limit],
  );
}
