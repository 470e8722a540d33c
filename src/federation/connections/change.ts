import type { AuditAction } from '../../audit/actions.ts';
import { record } from '../../audit/events.ts';
import type { Cli } from '../../cli/run.ts';
import { AppError } from '../../errors.ts';
import { requireTenant } from '../../tenants/find.ts';
import { createGuardedFetch } from '../guarded-fetch.ts';
import { discover } from '../openid.ts';
import {
  type Connection,
  deleteConnection,
  insertConnection,
  listConnections,
  secretContext,
  updateConnection,
} from './connections.store.ts';
import {
  type AddOptions,
  type FoundConnection,
  loadConnection,
  requireConnection,
  type Settings,
} from './find.ts';
import { buttonName, checkId, checkIssuer, mappingFrom, withVouch } from './rules.ts';
import { secretFrom } from './secret.ts';

/**
 * Adds a provider that answers now and calls itself what it was given as.
 *
 * @throws AppError `connection_exists` (409), `upstream_failed` (502), and what the rules throw
 */
export async function add(cli: Cli, options: AddOptions): Promise<FoundConnection> {
  const { database, ring, config } = cli;
  const { id, issuer, clientId, authMethod } = options;
  checkId(id);
  const tenant = await requireTenant(database, options.tenant);
  checkIssuer(issuer, {
    ownUrl: config.publicUrl,
    tenantId: tenant.id,
    shared: options.shared,
    others: await listConnections(database),
  });
  await discover(issuer, clientId, createGuardedFetch(config.upstream));
  const claims = withVouch(mappingFrom(options.claim ?? []), options.vouchForEmail, issuer);
  const secret = await secretFrom(authMethod, options);
  const place = { id, tenantId: tenant.id };
  await database.transaction(async (tx) => {
    const added = await insertConnection(tx, {
      ...place,
      ...{ name: buttonName(options.name), issuer, clientId, authMethod },
      secretSealed: secret && ring.seal(secret, secretContext(place)),
      scopes: scopesFrom(options.scope),
      claims,
      allowedGroups: options.allowedGroup ?? [],
      allowedEmailDomains: options.allowedEmailDomain ?? [],
    });
    if (!added) {
      throw new AppError('connection_exists', { message: `There is a connection ${id} already.` });
    }
    await record(tx, { action: 'connection.created', ...about({ ...place, claims }) });
  });
  return shown(cli, id);
}

/** @throws AppError `connection_not_found` (404), and what the rules throw */
export async function set(cli: Cli, id: string, options: Settings): Promise<FoundConnection> {
  const before = await loadConnection(cli.database, id);
  const authMethod = options.authMethod ?? before.authMethod;
  const renew =
    options.secret !== undefined ||
    options.secretFile !== undefined ||
    authMethod !== before.authMethod;
  const secret = renew ? await secretFrom(authMethod, options) : undefined;
  const secretSealed =
    secret === undefined
      ? before.secretSealed
      : secret && cli.ring.seal(secret, secretContext(before));
  await save(cli, 'connection.changed', {
    ...before,
    ...{ authMethod, secretSealed },
    name: options.name === undefined ? before.name : buttonName(options.name),
    clientId: options.clientId ?? before.clientId,
    scopes: options.scope ? scopesFrom(options.scope) : before.scopes,
    claims: claimsAfter(before, options),
    allowedGroups: options.allowedGroup ?? before.allowedGroups,
    allowedEmailDomains: options.allowedEmailDomain ?? before.allowedEmailDomains,
  });
  return shown(cli, id);
}

/** @throws AppError `connection_not_found` (404) */
export async function disable(cli: Cli, id: string, disabled: boolean): Promise<FoundConnection> {
  const before = await loadConnection(cli.database, id);
  const action = disabled ? 'connection.disabled' : 'connection.enabled';
  await save(cli, action, { ...before, disabledAt: disabled ? new Date() : null });
  return shown(cli, id);
}

/** @throws AppError `connection_not_found` (404), `connection_in_use` (409) unless forced */
export async function remove(cli: Cli, id: string, { force = false } = {}): Promise<void> {
  const { identities } = await shown(cli, id);
  const connection = await loadConnection(cli.database, id);
  if (identities > 0 && !force) {
    throw new AppError('connection_in_use', {
      message: `${identities} people sign in by ${id}: disable it instead, or say --force to disconnect them.`,
    });
  }
  await cli.database.transaction(async (tx) => {
    await deleteConnection(tx, id);
    await record(tx, {
      action: 'connection.removed',
      ...about(connection),
      detail: { identities },
    });
  });
}

function shown({ database, config }: Cli, id: string): Promise<FoundConnection> {
  return requireConnection({ database, publicUrl: config.publicUrl }, id);
}

async function save({ database }: Cli, action: AuditAction, connection: Connection): Promise<void> {
  await database.transaction(async (tx) => {
    await updateConnection(tx, connection);
    await record(tx, { action, ...about(connection) });
  });
}

function about({ id, tenantId, claims }: Pick<Connection, 'id' | 'tenantId' | 'claims'>) {
  const { emailVouched } = claims;
  return {
    actor: 'operator',
    tenantId,
    target: id,
    ...(emailVouched && { detail: { emailVouched } }),
  };
}

function claimsAfter({ claims, issuer }: Connection, { claim, vouchForEmail }: Settings) {
  if (claim) return withVouch(mappingFrom(claim), vouchForEmail, issuer);
  return vouchForEmail === undefined ? claims : withVouch(claims, vouchForEmail, issuer);
}

/** Without `openid` there is no ID token, and nobody to sign in. */
function scopesFrom(scopes: readonly string[] = ['profile', 'email']): string[] {
  return [...new Set(['openid', ...scopes])];
}
