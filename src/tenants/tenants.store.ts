import { columnsOf } from '../database/columns.ts';
import type { Database, Queryable, Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { addJobCall } from '../jobs/enqueue.ts';
import { type Tenant, tenantEntity } from './tenant.entity.ts';

/** Of `tenants t`. */
export const tenantColumns = columnsOf(tenantEntity, 't');

/** The same tenant's own domains, the primary one first, and the email domains that lead to it. */
export const domainColumns = `
  array(select domain from tenant_domains d where d.tenant_id = t.id
    order by d.is_primary desc, domain) as domains,
  array(select domain from tenant_email_domains d where d.tenant_id = t.id
    order by domain) as "emailDomains"`;

async function first<Row>(rows: Promise<Row[]>): Promise<Row | undefined> {
  return (await rows)[0];
}

export function tenantById(db: Queryable, id: string): Promise<Tenant | undefined> {
  return first(db.query<Tenant>(`select ${tenantColumns} from tenants t where t.id = $1`, [id]));
}

/** By slug, by one of its domains, or by id: what the `tenant` parameter may hold. */
export function tenantByName(db: Queryable, name: string): Promise<Tenant | undefined> {
  return first(
    db.query<Tenant>(
      `select ${tenantColumns} from tenants t where t.slug = $1 or t.id::text = $1
        or t.id = (select tenant_id from tenant_domains where domain = $1)`,
      [name.toLowerCase()],
    ),
  );
}

export function defaultTenant(db: Queryable): Promise<Tenant | undefined> {
  return first(db.query<Tenant>(`select ${tenantColumns} from tenants t where t.is_default`));
}

/** The tenant to which the operator gave all addresses of this email domain. */
export function tenantByEmailDomain(db: Queryable, domain: string): Promise<Tenant | undefined> {
  return first(
    db.query<Tenant>(
      `select ${tenantColumns} from tenants t join tenant_email_domains d on d.tenant_id = t.id
        where d.domain = $1 and t.status = 'active'`,
      [domain],
    ),
  );
}

/** Communities that a sign-up without a tenant may choose from. */
export function offeredTenants(db: Queryable): Promise<Tenant[]> {
  return db.query<Tenant>(
    `select ${tenantColumns} from tenants t
      where t.offered and t.status = 'active' and t.sign_up <> 'closed' order by t.name`,
  );
}

/** At most `limit` active tenants among the given ones, or among all: tells whether there is a choice. */
export function activeTenants(db: Queryable, ids: string[] | null, limit: number) {
  return db.query<Tenant>(
    `select ${tenantColumns} from tenants t
      where t.status = 'active' and ($1::uuid[] is null or t.id = any($1)) limit $2`,
    [ids, limit],
  );
}

export function listTenants(
  db: Queryable,
): Promise<(Tenant & { domains: string[]; emailDomains: string[] })[]> {
  return db.query(
    `select ${tenantColumns}, ${domainColumns}
      from tenants t order by t.created_at, t.slug`,
  );
}

/** Its own domains, the primary one first, and the email domains that lead to it. */
export async function domainsOf(
  db: Queryable,
  tenantId: string,
): Promise<{ domains: string[]; emailDomains: string[] }> {
  const [row] = await db.query<{ domains: string[]; emailDomains: string[] }>(
    `select
      array(select domain from tenant_domains where tenant_id = $1
        order by is_primary desc, domain) as domains,
      array(select domain from tenant_email_domains where tenant_id = $1
        order by domain) as "emailDomains"`,
    [tenantId],
  );
  return row as { domains: string[]; emailDomains: string[] };
}

/** The tenant whose own host this is, for the redirect to the one public origin. */
export async function tenantSlugByDomain(db: Queryable, domain: string) {
  const row = await first(
    db.query<{ slug: string }>(
      `select t.slug from tenants t join tenant_domains d on d.tenant_id = t.id
        where d.domain = $1`,
      [domain],
    ),
  );
  return row?.slug;
}

/**
 * As it is now, and nobody changes it before this transaction ends.
 *
 * @throws AppError `tenant_not_found` (404)
 */
export async function lockTenant(tx: Transaction, id: string): Promise<Tenant> {
  const [row] = await tx.query<Tenant>(
    `select ${tenantColumns} from tenants t where t.id = $1 for no key update`,
    [id],
  );
  if (!row) throw new AppError('tenant_not_found');
  return row;
}

/** Ids of its own connections. */
export async function ownWays(db: Queryable, tenantId: string): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    'select id from connections where tenant_id = $1 order by created_at, id',
    [tenantId],
  );
  return rows.map(({ id }) => id);
}

/** Has the worker give or take access on the homeserver for everybody of a tenant. */
export async function queueMatrixAccessOf(tx: Queryable, tenantId: string): Promise<void> {
  await tx.query(
    `select ${addJobCall('sync-matrix-access', { accountId: 'id' })}
      from accounts where tenant_id = $1 and status <> 'deleted'`,
    [tenantId],
  );
}

export async function saveTenant(tx: Transaction, tenant: Partial<Tenant> & { id: string }) {
  await tx.manager.getRepository(tenantEntity).save(tenant);
}

/** Domains change hands one transaction after the other: two that swap theirs would wait for each other. */
export async function lockDomains(tx: Transaction): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended('tenant domains', 0))");
}

/**
 * Makes these, the first one primary, all the domains of a tenant.
 *
 * @returns those that belong to another tenant: the caller gives its transaction up
 */
export async function replaceDomains(
  tx: Transaction,
  tenantId: string,
  domains: readonly string[],
): Promise<string[]> {
  await tx.query('delete from tenant_domains where tenant_id = $1', [tenantId]);
  const rows = await tx.query<{ domain: string }>(
    `insert into tenant_domains (domain, tenant_id, is_primary)
      select domain, $1, place = 1 from unnest($2::text[]) with ordinality as given (domain, place)
      on conflict (domain) do nothing returning domain`,
    [tenantId, domains],
  );
  return domains.filter((domain) => !rows.some((row) => row.domain === domain));
}

/** The same for the email domains whose sign-ups lead to the tenant. */
export async function replaceEmailDomains(
  tx: Transaction,
  tenantId: string,
  domains: readonly string[],
): Promise<string[]> {
  await tx.query('delete from tenant_email_domains where tenant_id = $1', [tenantId]);
  const rows = await tx.query<{ domain: string }>(
    `insert into tenant_email_domains (domain, tenant_id)
      select domain, $1 from unnest($2::text[]) as given (domain)
      on conflict (domain) do nothing returning domain`,
    [tenantId, domains],
  );
  return domains.filter((domain) => !rows.some((row) => row.domain === domain));
}

/** @returns false when another instance made it first */
export async function insertDefaultTenant(
  database: Database,
  tenant: { id: string; name: string },
) {
  const rows = await database.query(
    `insert into tenants (id, slug, name, is_default) values ($1, 'default', $2, true)
      on conflict do nothing returning id`,
    [tenant.id, tenant.name],
  );
  return rows.length === 1;
}
