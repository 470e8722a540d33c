import { record } from '../audit/events.ts';
import type { Database } from '../database/database.ts';
import { syncRoomsOfAccount } from '../entities/matrix-backend.ts';
import { GiveUp, type Task } from '../jobs/task.ts';
import type { SynapseUser } from './endpoints.ts';
import {
  type AuthProviders,
  authProviders,
  findWantedUser,
  forgetAbsence,
  markAbsent,
  markConflict,
  markOurs,
  markReady,
  type WantedUser,
} from './matrix-users.store.ts';
import { isMapped, isUntouched } from './ownership.ts';
import type { Synapse } from './synapse.ts';
import { SynapseError } from './synapse-error.ts';

export type MatrixTaskOptions = {
  database: Database;
  synapse: Synapse;
  serverName: string;
  /** @throws Error where no picture is to be had at that address */
  fetchPicture: (url: string) => Promise<Blob>;
};

/** The user can never be ours. */
class Conflict extends Error {}

/** Synapse's words for a name that it will not give us. */
const unavailable = ['M_USER_IN_USE', 'M_EXCLUSIVE', 'M_INVALID_USERNAME'];

/**
 * Makes the Matrix user of a handle and maps every provider block to its account, or finds out that
 * the user is someone else's. Each step may be the last one before a crash; run again, it goes on.
 */
export function provisionTask(options: MatrixTaskOptions): Task<'provision-matrix-user'> {
  const { database } = options;
  return async ({ handle }) => {
    const wanted = await findWantedUser(database, handle);
    if (!wanted) return;
    try {
      await provision(options, wanted);
    } catch (error) {
      if (error instanceof Conflict) return declareConflict(database, wanted, error.message);
      if (error instanceof SynapseError && error.kind === 'refused') {
        throw new GiveUp(error.message, { cause: error });
      }
      throw error;
    }
  };
}

async function provision(options: MatrixTaskOptions, wanted: WantedUser): Promise<void> {
  const { database, synapse, serverName } = options;
  const userId = `@${wanted.handle}:${serverName}`;
  const providers = await authProviders(database, wanted.tenantId);
  const existing = await synapse.readUser(userId);
  if (!wanted.ours) {
    if (!existing) await create(options, userId, wanted);
    else if (!(await isOurs(synapse, existing, wanted, providers))) {
      throw new Conflict('Synapse already has a user of this name');
    }
    await markOurs(database, wanted);
  }
  // Mappings to other providers of the homeserver are not ours to remove.
  const foreign = existing?.external_ids.filter((id) => !providers.all.includes(id.auth_provider));
  const own = providers.ofTenant.map((auth_provider) => ({
    auth_provider,
    external_id: wanted.accountId,
  }));
  await synapse.changeUser(userId, { external_ids: [...(foreign ?? []), ...own] }).catch(inUse);
  await database.transaction(async (tx) => {
    if (!(await markReady(tx, wanted))) {
      throw new Error('Another account took the handle over meanwhile');
    }
    // Rooms in which a member was missing so far.
    if (!wanted.ready) await syncRoomsOfAccount(tx, wanted.accountId);
  });
}

async function isOurs(
  synapse: Synapse,
  user: SynapseUser,
  { accountId, seenAbsent }: WantedUser,
  providers: AuthProviders,
): Promise<boolean> {
  if (isMapped(user, accountId, providers)) return true;
  return seenAbsent && isUntouched(synapse, user, providers);
}

/**
 * That we saw the user absent is committed before it is made: otherwise one that is found after a
 * crash could as well have been there all along.
 */
async function create(
  { database, synapse }: MatrixTaskOptions,
  userId: string,
  wanted: WantedUser,
): Promise<void> {
  await markAbsent(database, wanted);
  const outcome = await synapse.createUser(userId).catch(async (error) => {
    if (!unavailable.includes(error.errcode)) throw error;
    if (await synapse.readUser(userId)) return 'exists';
    throw new Conflict(`Synapse refuses the name (${error.errcode})`);
  });
  if (outcome === 'created') return;
  await forgetAbsence(database, wanted);
  throw new Error('The user was made by someone else just now, perhaps another worker of ours');
}

function inUse(error: unknown): never {
  if (error instanceof SynapseError && error.status === 409) {
    throw new Conflict('Another Matrix user is mapped to the account');
  }
  throw error;
}

async function declareConflict(database: Database, wanted: WantedUser, reason: string) {
  await database.transaction(async (tx) => {
    await markConflict(tx, wanted, reason);
    await record(tx, {
      action: 'matrix_user.conflicted',
      actor: 'system',
      outcome: 'failure',
      tenantId: wanted.tenantId,
      target: wanted.accountId,
      detail: { handle: wanted.handle, reason },
    });
  });
}
