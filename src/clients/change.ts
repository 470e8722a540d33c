import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { AuditAction } from '../audit/actions.ts';
import { record } from '../audit/events.ts';
import type { Cli } from '../cli/run.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { clientSecretFile, synapseClientId } from '../first-start.ts';
import {
  findClient,
  removeClient,
  setDisabled,
  setHandoffOrigins,
  setHandoffTargets,
  setRedirectUris,
  setSecretHash,
} from './clients.store.ts';
import { type FoundClient, requireClient } from './find.ts';
import { clientNotFound } from './not-found.ts';
import { accountClientId, tryClientId } from './own-clients.ts';
import { needsSecret } from './rules.ts';
import { chooseSecret } from './secret.ts';
import { checkHandoffOrigin, checkHandoffTarget, checkRedirectUri } from './uris.ts';

/** @throws AppError `client_not_found` (404) */
export async function disable(cli: Cli, id: string, disabled: boolean): Promise<FoundClient> {
  return changed(cli, id, disabled ? 'client.disabled' : 'client.enabled', (tx) =>
    setDisabled(tx, id, disabled),
  );
}

/**
 * @returns `secret` only when it was made here
 * @throws AppError `client_not_found` (404), `client_without_secret` (409), `secret_weak`
 */
export async function rotateSecret(
  cli: Cli,
  id: string,
  { secret: given }: { secret?: string },
): Promise<{ client: FoundClient; secret?: string }> {
  const client = await findClient(cli.database, id);
  if (!client) throw clientNotFound(id);
  if (!needsSecret(client)) {
    throw new AppError('client_without_secret', {
      message: `${id} authenticates by ${client.tokenEndpointAuthMethod}: it has no secret.`,
    });
  }
  const { secret, made } = await chooseSecret(cli, given);
  const after = await changed(cli, id, 'client.secret_rotated', (tx) =>
    setSecretHash(tx, id, cli.fingerprints.of('client-secret', secret)),
  );
  await refreshSecretFile(cli, id, secret);
  return { client: after, secret: made };
}

/** @throws AppError `client_not_found` (404), `redirect_uri_invalid` */
export async function replaceRedirectUris(
  cli: Cli,
  id: string,
  uris: string[],
): Promise<FoundClient> {
  const { tokenEndpointAuthMethod } = await requireClient(cli.database, id);
  for (const uri of uris) checkRedirectUri(uri, { isPublic: tokenEndpointAuthMethod === 'none' });
  return changed(cli, id, 'client.redirect_uris_changed', (tx) => setRedirectUris(tx, id, uris));
}

/** @throws AppError `client_not_found` (404), `handoff_origin_invalid` */
export async function replaceHandoffOrigins(
  cli: Cli,
  id: string,
  origins: string[],
): Promise<FoundClient> {
  origins.forEach(checkHandoffOrigin);
  return changed(cli, id, 'client.handoff_origins_changed', (tx) =>
    setHandoffOrigins(tx, id, origins),
  );
}

/** @throws AppError `client_not_found` (404), `handoff_target_invalid` */
export async function replaceHandoffTargets(
  cli: Cli,
  id: string,
  targets: string[],
): Promise<FoundClient> {
  targets.forEach(checkHandoffTarget);
  return changed(cli, id, 'client.handoff_targets_changed', (tx) =>
    setHandoffTargets(tx, id, targets),
  );
}

/** @throws AppError `client_not_found` (404), `client_built_in` (409) */
export async function remove({ database }: Cli, id: string): Promise<void> {
  if ([accountClientId, tryClientId, synapseClientId].includes(id)) {
    throw new AppError('client_built_in', {
      message: `${id} would be made again at the next start. Disable it instead.`,
    });
  }
  await database.transaction(async (tx) => {
    if (!(await removeClient(tx, id))) throw clientNotFound(id);
    await record(tx, { action: 'client.removed', actor: 'operator', target: id, clientId: id });
  });
}

/** Makes the change with its audit row. */
async function changed(
  { database }: Cli,
  id: string,
  action: AuditAction,
  change: (tx: Transaction) => Promise<boolean>,
): Promise<FoundClient> {
  return database.transaction(async (tx) => {
    if (!(await change(tx))) throw clientNotFound(id);
    await record(tx, { action, actor: 'operator', target: id, clientId: id });
    return requireClient(tx, id);
  });
}

/** In development the first secret is kept for `synapse config`; it must not tell a stale one. */
async function refreshSecretFile({ config }: Cli, id: string, secret: string): Promise<void> {
  const file = clientSecretFile(config.dataDir, id);
  if (existsSync(file)) await writeFile(file, `${secret}\n`, { mode: 0o600 });
}
