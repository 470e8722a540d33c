import { randomUUID } from 'node:crypto';
import type { Queryable } from '../database/database.ts';

/** What tells a person apart at a place to sign in: nothing else is ever matched. */
export type IdentityKey = { connection: string; issuer: string; subject: string };

/** What that place said last of each: what still equals it is not the person's own. */
export type UpstreamProfile = { name?: string; picture?: string; email?: string };

export type Identity = IdentityKey & {
  id: string;
  tenantId: string;
  accountId: string;
  /** What the account is called there, for its owner to recognise. */
  label: string | null;
  profile: UpstreamProfile;
  createdAt: Date;
  lastUsedAt: Date | null;
};

const columns = `i.id, i.tenant_id as "tenantId", i.account_id as "accountId", i.connection,
  i.issuer, i.subject, i.label, i.profile, i.created_at as "createdAt",
  i.last_used_at as "lastUsedAt"`;

export type KnownIdentity = Identity & {
  tenantSlug: string;
  tenantName: string;
  handle: string | null;
};

/**
 * The accounts that this identity signs in to, in the tenant or in all, the one used last first: at
 * most one in each.
 */
export function findIdentities(
  db: Queryable,
  { connection, issuer, subject }: IdentityKey,
  tenantId: string | null,
): Promise<KnownIdentity[]> {
  return db.query<KnownIdentity>(
    `select ${columns}, t.slug as "tenantSlug", t.name as "tenantName", h.handle
      from identities i join accounts a on a.id = i.account_id
      join tenants t on t.id = i.tenant_id
      left join handles h on h.account_id = a.id and h.state = 'active'
      where i.connection = $1 and i.issuer = $2 and i.subject = $3
        and i.tenant_id = coalesce($4, i.tenant_id) and ($4 is not null or t.status = 'active')
      order by i.last_used_at desc nulls last, i.created_at`,
    [connection, issuer, subject, tenantId],
  );
}

export function identitiesOf(db: Queryable, accountId: string): Promise<Identity[]> {
  return db.query<Identity>(
    `select ${columns} from identities i where i.account_id = $1 order by i.created_at`,
    [accountId],
  );
}

/** @returns false where it signs in to an account of the tenant already, whichever that is */
export async function insertIdentity(
  tx: Queryable,
  identity: IdentityKey & {
    tenantId: string;
    accountId: string;
    label?: string;
    profile: UpstreamProfile;
  },
): Promise<boolean> {
  const rows = await tx.query(
    `insert into identities (id, tenant_id, account_id, connection, issuer, subject, label,
        profile, last_used_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, now())
      on conflict (tenant_id, connection, issuer, subject) do nothing returning id`,
    [
      randomUUID(),
      identity.tenantId,
      identity.accountId,
      identity.connection,
      identity.issuer,
      identity.subject,
      identity.label ?? null,
      JSON.stringify(identity.profile),
    ],
  );
  return rows.length === 1;
}

export async function recordUse(
  tx: Queryable,
  id: string,
  { label, profile }: { label?: string; profile: UpstreamProfile },
): Promise<void> {
  await tx.query(
    `update identities set last_used_at = now(), label = coalesce($2, label), profile = $3
      where id = $1`,
    [id, label ?? null, JSON.stringify(profile)],
  );
}

/** @returns false where the account has no such identity (any more) */
export async function deleteIdentity(
  tx: Queryable,
  { id, accountId }: { id: string; accountId: string },
): Promise<boolean> {
  const rows = await tx.query(
    'delete from identities where id = $1 and account_id = $2 returning id',
    [id, accountId],
  );
  return rows.length === 1;
}
