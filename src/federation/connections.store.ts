import type { Queryable } from '../database/database.ts';
import type { KeyRing } from '../secrets/keyring.ts';

export const authMethods = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const;

export type AuthMethod = (typeof authMethods)[number];

/** Which claim of the provider says what, where it is not the usual one. */
export type ClaimMapping = {
  name?: string;
  email?: string;
  /** The operator's word that nobody can choose what stands in the claim mapped as `email`. */
  emailVouched?: true;
  picture?: string;
  groups?: string;
  handle?: string;
};

/** A tenant's own OpenID provider. */
export type Connection = {
  id: string;
  tenantId: string;
  name: string;
  issuer: string;
  clientId: string;
  authMethod: AuthMethod;
  /** None for public clients, and for those that sign with our client keys. */
  secretSealed: string | null;
  scopes: string[];
  claims: ClaimMapping;
  /** Whoever is in none of them is refused; empty admits all. */
  allowedGroups: string[];
  allowedEmailDomains: string[];
  disabledAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
};

const columns = `c.id, c.tenant_id as "tenantId", c.name, c.issuer, c.client_id as "clientId",
  c.token_endpoint_auth_method as "authMethod", c.secret_sealed as "secretSealed", c.scopes,
  c.claims, c.allowed_groups as "allowedGroups", c.allowed_email_domains as "allowedEmailDomains",
  c.disabled_at as "disabledAt", c.created_at as "createdAt", c.updated_at as "updatedAt"`;

/** Where a connection's secret lives, for the key ring. */
export function secretContext({ id, tenantId }: Pick<Connection, 'id' | 'tenantId'>): string {
  return `connections:${id}:secret_sealed:${tenantId}`;
}

/** Those of a tenant that are in use, in the order in which they were added. */
export function activeConnections(db: Queryable, tenantId: string): Promise<Connection[]> {
  return db.query<Connection>(
    `select ${columns} from connections c
      where c.tenant_id = $1 and c.disabled_at is null order by c.created_at, c.id`,
    [tenantId],
  );
}

export async function findConnection(db: Queryable, id: string): Promise<Connection | undefined> {
  const [row] = await db.query<Connection>(`select ${columns} from connections c where c.id = $1`, [
    id,
  ]);
  return row;
}

export function listConnections(db: Queryable): Promise<Connection[]> {
  return db.query<Connection>(`select ${columns} from connections c order by c.created_at, c.id`);
}

/** @returns false where the id is in use */
export async function insertConnection(
  tx: Queryable,
  connection: Omit<Connection, 'createdAt' | 'updatedAt' | 'disabledAt'>,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into connections (id, tenant_id, name, issuer, client_id, token_endpoint_auth_method,
        secret_sealed, scopes, claims, allowed_groups, allowed_email_domains)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
      on conflict (id) do nothing returning id`,
    [
      connection.id,
      connection.tenantId,
      connection.name,
      connection.issuer,
      connection.clientId,
      connection.authMethod,
      connection.secretSealed,
      connection.scopes,
      JSON.stringify(connection.claims),
      connection.allowedGroups,
      connection.allowedEmailDomains,
    ],
  );
  return rows.length === 1;
}

/** Issuer and tenant stay: identities were found there. */
export async function updateConnection(
  tx: Queryable,
  connection: Omit<Connection, 'tenantId' | 'issuer' | 'createdAt' | 'updatedAt'>,
): Promise<void> {
  await tx.query(
    `update connections set name = $2, client_id = $3, token_endpoint_auth_method = $4,
        secret_sealed = $5, scopes = $6, claims = $7, allowed_groups = $8,
        allowed_email_domains = $9, disabled_at = $10, updated_at = now()
      where id = $1`,
    [
      connection.id,
      connection.name,
      connection.clientId,
      connection.authMethod,
      connection.secretSealed,
      connection.scopes,
      JSON.stringify(connection.claims),
      connection.allowedGroups,
      connection.allowedEmailDomains,
      connection.disabledAt,
    ],
  );
}

/** With the identities found through it: nobody signs in by it any more. */
export async function deleteConnection(tx: Queryable, id: string): Promise<void> {
  await tx.query('delete from upstream_sessions where connection = $1', [id]);
  await tx.query('delete from identities where connection = $1', [id]);
  await tx.query('delete from connections where id = $1', [id]);
}

/** How many identities were found through a connection. */
export async function countIdentities(db: Queryable, connection: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    'select count(*)::int as count from identities where connection = $1',
    [connection],
  );
  return row?.count ?? 0;
}

/** Seals the secrets again under the ring's first key. @returns how many changed */
export async function reencryptConnections(tx: Queryable, ring: KeyRing): Promise<number> {
  const stale = (await listConnections(tx)).filter(
    ({ secretSealed }) => secretSealed && !ring.isCurrent(secretSealed),
  );
  for (const connection of stale) {
    const opened = ring.open(connection.secretSealed as string, secretContext(connection));
    await tx.query('update connections set secret_sealed = $2 where id = $1', [
      connection.id,
      ring.seal(opened, secretContext(connection)),
    ]);
  }
  return stale.length;
}
