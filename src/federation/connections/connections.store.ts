import { columnsOf } from '../../database/columns.ts';
import type { Queryable, Transaction } from '../../database/database.ts';
import type { KeyRing } from '../../secrets/keyring.ts';
import { type Connection, connectionEntity } from './connection.entity.ts';

export {
  type AuthMethod,
  authMethods,
  type ClaimMapping,
  type Connection,
} from './connection.entity.ts';

/** Of `connections c`. */
export const connectionColumns = columnsOf(connectionEntity, 'c');

/** Where a connection's secret lives, for the key ring. */
export function secretContext({ id, tenantId }: Pick<Connection, 'id' | 'tenantId'>): string {
  return `connections:${id}:secret_sealed:${tenantId}`;
}

/** Those of a tenant that are in use, in the order in which they were added. */
export function activeConnections(db: Queryable, tenantId: string): Promise<Connection[]> {
  return db.query<Connection>(
    `select ${connectionColumns} from connections c
      where c.tenant_id = $1 and c.disabled_at is null order by c.created_at, c.id`,
    [tenantId],
  );
}

export async function findConnection(db: Queryable, id: string): Promise<Connection | undefined> {
  const [row] = await db.query<Connection>(
    `select ${connectionColumns} from connections c where c.id = $1`,
    [id],
  );
  return row;
}

/** Lets nobody else add a connection before this transaction ends: of one issuer two tenants may be told no. */
export async function lockIssuers(tx: Transaction): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended('connection issuers', 0))");
}

/** As it is now, and nobody changes it before this transaction ends. */
export async function lockConnection(tx: Transaction, id: string): Promise<Connection | undefined> {
  const [row] = await tx.query<Connection>(
    `select ${connectionColumns} from connections c where c.id = $1 for update`,
    [id],
  );
  return row;
}

export function listConnections(db: Queryable): Promise<Connection[]> {
  return db.query<Connection>(
    `select ${connectionColumns} from connections c order by c.created_at, c.id`,
  );
}

/** @returns false where the id is in use */
export async function insertConnection(
  tx: Queryable,
  connection: Omit<Connection, 'createdAt' | 'updatedAt' | 'disabledAt'>,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into connections (id, tenant_id, name, issuer, client_id, token_endpoint_auth_method,
        secret_sealed, scopes, claims, allowed_groups, allowed_email_domains, mfa_trusted)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
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
      connection.mfaTrusted,
    ],
  );
  return rows.length === 1;
}

/** Issuer and tenant stay: identities were found there. */
export async function updateConnection(
  tx: Transaction,
  connection: Omit<Connection, 'tenantId' | 'issuer' | 'createdAt' | 'updatedAt'>,
): Promise<void> {
  const { id, name, clientId, authMethod, secretSealed, scopes, claims, disabledAt } = connection;
  const { allowedGroups, allowedEmailDomains, mfaTrusted } = connection;
  await tx.manager.getRepository(connectionEntity).update(id, {
    ...{ name, clientId, authMethod, secretSealed, scopes, claims, disabledAt },
    ...{ allowedGroups, allowedEmailDomains, mfaTrusted },
  });
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
