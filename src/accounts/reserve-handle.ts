import type { Cli } from '../cli/run.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { suggestHandles } from '../handles/availability.ts';
import { concedeHold, holdHandle, releaseHold } from '../handles/hold.ts';
import { handlePolicy, refusal } from '../handles/policy.ts';
import { normaliseHandle } from '../handles/rules.ts';
import { beginProvisioning, waitForProvisioning } from '../matrix/matrix-users.store.ts';

type Order = { id: string; tenant: { id: string }; handle: string };

const holdSeconds = 300;

/**
 * A handle by the rules that hold for everybody; an operator may give reserved words away.
 *
 * @throws AppError `handle_unavailable` with the reason and what would be free
 */
export async function checkedHandle(
  { config, database }: Cli,
  options: { handle: string; name: string; email: string; allowReserved?: boolean },
): Promise<string> {
  const policy = handlePolicy({ serverName: config.matrix.serverName, ...config.handles });
  const handle = normaliseHandle(options.handle, policy.serverName);
  const reason = refusal(handle, policy);
  if (!reason || (options.allowReserved && reason.startsWith('reserved'))) return handle;
  const suggestions = await suggestHandles(database, policy, { ...options, wanted: handle });
  throw new AppError('handle_unavailable', {
    message: `@${handle} cannot be had: ${reason.replaceAll('_', ' ')}. Free are ${suggestions.join(', ')}.`,
    details: { reason, suggestions },
  });
}

/** @throws AppError `handle_taken` (409) */
export async function hold(tx: Transaction, { id, tenant, handle }: Order): Promise<void> {
  const outcome = await holdHandle(tx, {
    handle,
    accountId: id,
    tenantId: tenant.id,
    heldBy: `operator ${id}`,
    seconds: holdSeconds,
  });
  if (outcome === 'taken') throw taken();
}

/**
 * Holds the handle and has the worker make its Matrix user, before there is an account.
 *
 * @throws AppError `handle_taken` (409) also when the homeserver has such a user already,
 *   `provisioning_unavailable` (503) when no worker or no homeserver answers
 */
export async function provision({ database }: Cli, order: Order): Promise<void> {
  const user = { handle: order.handle, accountId: order.id };
  await database.transaction(async (tx) => {
    await hold(tx, order);
    await beginProvisioning(tx, user);
  });
  const state = await waitForProvisioning(database, user);
  if (state === 'ready') return;
  await database.transaction((tx) =>
    state === 'conflict' ? concedeHold(tx, order.id, order.handle) : releaseHold(tx, order.id),
  );
  if (state === 'conflict') throw taken();
  throw new AppError('provisioning_unavailable', {
    message: 'The Matrix user could not be made. Is a worker running, and does Synapse answer?',
  });
}

function taken(): AppError {
  return new AppError('handle_taken');
}
