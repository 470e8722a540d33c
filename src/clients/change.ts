import type { AuditAction } from '../audit/actions.ts';
import { record } from '../audit/events.ts';
import { type Authority, requireChange } from '../authority/authority.ts';
import { type Database, inTransaction, type Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import {
  type Client,
  removeClient as deleteClient,
  lockClient,
  setDisabled,
  setHandoffOrigins,
  setHandoffTargets,
  setRedirectUris,
  setRequirements,
  setSecretHash,
} from './clients.store.ts';
import { clientNotFound } from './not-found.ts';
import { isBuiltIn, isOwnPage } from './own-clients.ts';
import { isWithin, requireSettable } from './reach.ts';
import { checkRequirements, needsSecret } from './rules.ts';
import { type ChosenSecret, chooseSecret } from './secret.ts';
import {
  checkBackchannelUri,
  checkHandoffOrigin,
  checkHandoffTarget,
  checkRedirectUri,
} from './uris.ts';

/** @throws AppError `client_not_found` (404), as all below */
export function disableClient(
  database: Database | Transaction,
  authority: Authority,
  id: string,
  disabled: boolean,
): Promise<void> {
  const action = disabled ? 'client.disabled' : 'client.enabled';
  return change(database, authority, id, action, (tx) => setDisabled(tx, id, disabled));
}

/**
 * Gives it another secret; the one before stops working at once.
 *
 * @throws AppError also `client_without_secret` (409), `secret_invalid`, `secret_weak`
 */
export async function rotateClientSecret(
  dependencies: { database: Database; fingerprints: Fingerprints; production: boolean },
  authority: Authority,
  id: string,
  given?: string,
): Promise<ChosenSecret> {
  const { database, fingerprints, production } = dependencies;
  let chosen: ChosenSecret | undefined;
  await change(database, authority, id, 'client.secret_rotated', (tx, client) => {
    if (!needsSecret(client)) {
      throw new AppError('client_without_secret', {
        message: `${id} authenticates by ${client.tokenEndpointAuthMethod}: it has no secret.`,
      });
    }
    chosen = chooseSecret(given, { production });
    return setSecretHash(tx, id, fingerprints.of('client-secret', chosen.secret));
  });
  return chosen as unknown as ChosenSecret;
}

/** @throws AppError also `redirect_uri_invalid` */
export function replaceRedirectUris(
  database: Database | Transaction,
  authority: Authority,
  id: string,
  redirectUris: string[],
): Promise<void> {
  return change(database, authority, id, 'client.redirect_uris_changed', (tx, client) => {
    checkRedirectUris(client, redirectUris);
    return setRedirectUris(tx, id, redirectUris);
  });
}

/** @throws AppError also `handoff_origin_invalid` */
export function replaceHandoffOrigins(
  database: Database | Transaction,
  authority: Authority,
  id: string,
  handoffOrigins: string[],
): Promise<void> {
  return change(database, authority, id, 'client.handoff_origins_changed', (tx, client) => {
    handoffOrigins.forEach(checkHandoffOrigin);
    requireSettable(authority, { ...client, handoffOrigins });
    return setHandoffOrigins(tx, id, handoffOrigins);
  });
}

/** @throws AppError also `handoff_target_invalid` */
export function replaceHandoffTargets(
  database: Database | Transaction,
  authority: Authority,
  id: string,
  handoffTargets: string[],
): Promise<void> {
  return change(database, authority, id, 'client.handoff_targets_changed', (tx, client) => {
    handoffTargets.forEach(checkHandoffTarget);
    requireSettable(authority, { ...client, handoffTargets });
    return setHandoffTargets(tx, id, handoffTargets);
  });
}

/** What can be said anew of a client; what is not said stays. */
export type ClientSettings = {
  requirePushedAuthorizationRequests?: boolean;
  dpopBoundAccessTokens?: boolean;
  /** Null to take any sign-in. */
  acr?: string | null;
  /** Null to be told no more. */
  backchannelLogoutUri?: string | null;
  postLogoutRedirectUris?: string[];
  jwks?: NonNullable<Client['jwks']>;
};

/**
 * @throws AppError also `client_built_in` (409), `client_invalid`, `backchannel_uri_invalid`,
 *   `redirect_uri_invalid`
 */
export function changeClient(
  { database, synapseUrl }: { database: Database | Transaction; synapseUrl?: string },
  authority: Authority,
  id: string,
  settings: ClientSettings,
): Promise<void> {
  if (isOwnPage(id)) {
    throw new AppError('client_built_in', { message: `${id} is a part of this service.` });
  }
  const { backchannelLogoutUri: uri } = settings;
  if (uri) checkBackchannelUri(uri, synapseUrl);
  return change(database, authority, id, 'client.changed', async (tx, before) => {
    checkRedirectUris(before, settings.postLogoutRedirectUris ?? []);
    const said = Object.entries(settings).filter(([, value]) => value !== undefined);
    const after = { ...before, ...Object.fromEntries(said) };
    checkRequirements(after);
    await setRequirements(tx, after);
    return true;
  });
}

/** @throws AppError also `client_built_in` (409) */
export function removeClient(database: Database, authority: Authority, id: string): Promise<void> {
  if (isBuiltIn(id)) {
    throw new AppError('client_built_in', {
      message: `${id} would be made again at the next start. Disable it instead.`,
    });
  }
  return change(database, authority, id, 'client.removed', (tx) => deleteClient(tx, id));
}

function checkRedirectUris({ tokenEndpointAuthMethod }: Client, uris: readonly string[]): void {
  for (const uri of uris) checkRedirectUri(uri, { isPublic: tokenEndpointAuthMethod === 'none' });
}

/** Makes the change under the client's lock, within the authority, with its audit row. */
async function change(
  database: Database | Transaction,
  authority: Authority,
  id: string,
  action: AuditAction,
  make: (tx: Transaction, client: Client) => Promise<boolean>,
): Promise<void> {
  requireChange(authority);
  await inTransaction(database, async (tx) => {
    const client = await lockClient(tx, id);
    if (!client || !isWithin(authority, client)) throw clientNotFound(id);
    requireSettable(authority, client);
    if (!(await make(tx, client))) throw clientNotFound(id);
    await record(tx, { action, actor: authority.actor, target: id, clientId: id });
  });
}
