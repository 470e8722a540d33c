import type { Queryable } from '../database/database.ts';

/** The account behind a session or token, as far as claims and checks need it. */
export type Subject = {
  id: string;
  tenantId: string;
  tenantSlug: string;
  tenantDomain: string | null;
  name: string;
  email: string | null;
  emailVerified: boolean;
  picture: string | null;
  locale: string | null;
  roles: string[];
  groups: string[];
  handle: string | null;
  matrixAccess: 'active' | 'revoked';
  /** Whether its tenant wants a proved address, and it has none. */
  lacksEmail: boolean;
  /** From when on its tenant wants two steps, in seconds since the epoch. */
  mfaRequiredFrom: number | null;
  updatedAt: number;
};

/** The account of that id as a column `subject`: null where it or its tenant is not active. */
export const subjectColumn = (id: string) => `(
  select json_build_object(
    'id', c.id, 'tenantId', t.id, 'tenantSlug', t.slug, 'name', c.name, 'email', c.email,
    'emailVerified', c.email_verified, 'picture', c.picture, 'locale', c.locale,
    'roles', c.roles, 'groups', c.groups, 'matrixAccess', c.matrix_access, 'handle', h.handle,
    'mfaRequiredFrom', floor(extract(epoch from t.mfa_required_from))::bigint,
    'lacksEmail', t.email_required and c.email_key is null,
    'tenantDomain', (select d.domain from tenant_domains d where d.tenant_id = t.id and d.is_primary),
    'updatedAt', extract(epoch from c.updated_at)::bigint)
  from accounts c
  join tenants t on t.id = c.tenant_id and t.status = 'active'
  left join handles h on h.account_id = c.id and h.state = 'active'
  where c.id = ${id} and c.status = 'active') as subject`;

export async function findSubject(db: Queryable, accountId: string): Promise<Subject | null> {
  const [row] = await db.query<{ subject: Subject | null }>(`select ${subjectColumn('$1')}`, [
    accountId,
  ]);
  return row?.subject ?? null;
}
