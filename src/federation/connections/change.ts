import type { AuditAction } from '../../audit/actions.ts';
import { record } from '../../audit/events.ts';
import {
  type Authority,
  requireAll,
  requireChange,
  requireReach,
} from '../../authority/authority.ts';
import {
  type Database,
  inTransaction,
  type Queryable,
  type Transaction,
} from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import type { KeyRing } from '../../secrets/keyring.ts';
import { tenantWithin } from '../../tenants/find.ts';
import { createGuardedFetch } from '../guarded-fetch.ts';
import { discover } from '../openid.ts';
import {
  type AuthMethod,
  type ClaimMapping,
  type Connection,
  countIdentities,
  deleteConnection,
  insertConnection,
  listConnections,
  lockConnection,
  lockIssuers,
  secretContext,
  updateConnection,
} from './connections.store.ts';
import { connectionNotFound } from './find.ts';
import {
  buttonName,
  checkedDomains,
  checkedGroups,
  checkedMapping,
  checkedScopes,
  checkId,
  checkIssuer,
  withVouch,
} from './rules.ts';
import { checkedSecret } from './secret.ts';

/** What can be said of a connection; what is not said is usual, or stays as it was. */
export type ConnectionSettings = {
  name?: string;
  clientId?: string;
  authMethod?: AuthMethod;
  secret?: string;
  /** Besides `openid`. */
  scopes?: readonly string[];
  claims?: Readonly<Record<string, string>>;
  /** The operator's word that addresses in the claim mapped as email are proved. */
  vouchForEmail?: boolean;
  /** The operator's word that it has asked for more than one factor where it says so. */
  trustMfa?: boolean;
  allowedGroups?: readonly string[];
  allowedEmailDomains?: readonly string[];
};

export type NewConnection = ConnectionSettings & {
  id: string;
  /** Slug, domain or id. */
  tenant: string;
  name: string;
  issuer: string;
  clientId: string;
  authMethod: AuthMethod;
  /** Whether another tenant may have a connection to the same issuer. */
  shared?: boolean;
};

/**
 * Adds a provider that answers now and calls itself what it was given as.
 *
 * @throws AppError `connection_exists` (409), `tenant_not_found` (404), `upstream_failed` (502), and
 *   what the rules throw
 */
export async function addConnection(
  dependencies: {
    database: Database;
    ring: KeyRing;
    publicUrl: string;
    upstream: Parameters<typeof createGuardedFetch>[0];
  },
  authority: Authority,
  wanted: NewConnection,
): Promise<void> {
  const { database, ring, publicUrl, upstream } = dependencies;
  const { id, issuer, authMethod } = wanted;
  requireChange(authority);
  checkId(id);
  const tenant = await tenantWithin(database, authority, wanted.tenant);
  const assertFree = async (db: Queryable) =>
    checkIssuer(issuer, {
      ...{ ownUrl: publicUrl, tenantId: tenant.id, shared: wanted.shared },
      others: await listConnections(db),
    });
  await assertFree(database);
  const { clientId } = checkedIds(wanted);
  const secret = checkedSecret(authMethod, wanted.secret);
  const place = { id, tenantId: tenant.id };
  const connection = {
    ...place,
    ...{ name: buttonName(wanted.name), issuer, clientId, authMethod },
    secretSealed: secret && ring.seal(secret, secretContext(place)),
    scopes: checkedScopes(wanted.scopes ?? ['profile', 'email']),
    claims: vouched(authority, checkedMapping(wanted.claims ?? {}), wanted, issuer),
    allowedGroups: checkedGroups(wanted.allowedGroups ?? []),
    allowedEmailDomains: checkedDomains(wanted.allowedEmailDomains ?? []),
    mfaTrusted: trusted(authority, wanted.trustMfa, false),
  };
  await discover(issuer, clientId, createGuardedFetch(upstream));
  await database.transaction(async (tx) => {
    await lockIssuers(tx);
    await assertFree(tx);
    if (!(await insertConnection(tx, connection))) {
      throw new AppError('connection_exists', { message: `There is a connection ${id} already.` });
    }
    await tell(tx, authority, 'connection.created', connection);
  });
}

/** @throws AppError `connection_not_found` (404), and what the rules throw */
export async function changeConnection(
  { database, ring }: { database: Database | Transaction; ring: KeyRing },
  authority: Authority,
  id: string,
  settings: ConnectionSettings,
): Promise<void> {
  await withConnection(database, authority, id, async (tx, before) => {
    const authMethod = settings.authMethod ?? before.authMethod;
    const renewed = settings.secret !== undefined || authMethod !== before.authMethod;
    const secret = renewed ? checkedSecret(authMethod, settings.secret) : undefined;
    const secretSealed = secret && ring.seal(secret, secretContext(before));
    const after = {
      ...before,
      ...{ authMethod, secretSealed: renewed ? (secretSealed ?? null) : before.secretSealed },
      name: settings.name === undefined ? before.name : buttonName(settings.name),
      clientId: checkedIds({ clientId: settings.clientId ?? before.clientId }).clientId,
      scopes: settings.scopes ? checkedScopes(settings.scopes) : before.scopes,
      claims: claimsAfter(authority, before, settings),
      allowedGroups: checkedGroups(settings.allowedGroups ?? before.allowedGroups),
      allowedEmailDomains: checkedDomains(
        settings.allowedEmailDomains ?? before.allowedEmailDomains,
      ),
      mfaTrusted: trusted(authority, settings.trustMfa, before.mfaTrusted),
    };
    await updateConnection(tx, after);
    await tell(tx, authority, 'connection.changed', after);
  });
}

/** @throws AppError `connection_not_found` (404) */
export async function disableConnection(
  database: Database | Transaction,
  authority: Authority,
  id: string,
  disabled: boolean,
): Promise<void> {
  await withConnection(database, authority, id, async (tx, before) => {
    await updateConnection(tx, { ...before, disabledAt: disabled ? new Date() : null });
    const action = disabled ? 'connection.disabled' : 'connection.enabled';
    await tell(tx, authority, action, before);
  });
}

/** @throws AppError `connection_not_found` (404), `connection_in_use` (409) unless forced */
export async function removeConnection(
  database: Database,
  authority: Authority,
  id: string,
  { force = false } = {},
): Promise<void> {
  await withConnection(database, authority, id, async (tx, connection) => {
    const identities = await countIdentities(tx, id);
    if (identities > 0 && !force) {
      throw new AppError('connection_in_use', {
        message: `${identities} people sign in by ${id}: disable it instead, or say --force to disconnect them.`,
        details: { identities },
      });
    }
    await deleteConnection(tx, id);
    await tell(tx, authority, 'connection.removed', connection, { identities });
  });
}

/** Under its lock, as far as the authority reaches. */
async function withConnection(
  database: Database | Transaction,
  authority: Authority,
  id: string,
  act: (tx: Transaction, connection: Connection) => Promise<void>,
): Promise<void> {
  requireChange(authority);
  await inTransaction(database, async (tx) => {
    const connection = await lockConnection(tx, id);
    if (!connection) throw connectionNotFound(id);
    requireReach(authority, connection.tenantId, 'connection_not_found');
    await act(tx, connection);
  });
}

function tell(
  tx: Transaction,
  { actor }: Authority,
  action: AuditAction,
  {
    id,
    tenantId,
    claims,
    mfaTrusted,
  }: Pick<Connection, 'id' | 'tenantId' | 'claims' | 'mfaTrusted'>,
  more: { identities?: number } = {},
): Promise<void> {
  const { emailVouched } = claims;
  const trusted = mfaTrusted ? { mfaTrusted } : undefined;
  const detail = { ...(emailVouched && { emailVouched }), ...trusted, ...more };
  return record(tx, { action, actor, tenantId, target: id, detail });
}

function claimsAfter(
  authority: Authority,
  { claims: before, issuer }: Connection,
  { claims, vouchForEmail }: ConnectionSettings,
): ClaimMapping {
  if (claims) return vouched(authority, checkedMapping(claims), { vouchForEmail }, issuer);
  if (vouchForEmail === undefined) return before;
  return vouched(authority, before, { vouchForEmail }, issuer);
}

/** It stands for a factor of ours, also where the operator demands one: so only the operator gives it. */
function trusted(authority: Authority, said: boolean | undefined, before: boolean): boolean {
  if (said) requireAll(authority);
  return said ?? before;
}

/** Whoever vouches for addresses answers for accounts: only the operator of all tenants does. */
function vouched(
  authority: Authority,
  mapping: ClaimMapping,
  { vouchForEmail }: Pick<ConnectionSettings, 'vouchForEmail'>,
  issuer: string,
): ClaimMapping {
  if (vouchForEmail) requireAll(authority);
  return withVouch(mapping, vouchForEmail, issuer);
}

/** @throws AppError `connection_invalid` */
function checkedIds({ clientId }: { clientId: string }): { clientId: string } {
  if (/^[\x21-\x7e]{1,500}$/.test(clientId)) return { clientId };
  throw new AppError('connection_invalid', { message: 'That cannot be our client id there.' });
}
