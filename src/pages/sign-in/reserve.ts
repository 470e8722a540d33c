import { randomUUID } from 'node:crypto';
import { holdOf } from '../../handles/handles.store.ts';
import { concedeHold, holdHandle } from '../../handles/hold.ts';
import { idOfGuest } from './guest.ts';
import type { Person } from './person.ts';
import type { Step } from './step.ts';

/** How long a handle stays somebody's before the account exists. */
const holdSeconds = 15 * 60;

/**
 * A second try, also from another browser, goes on as the account that the first one began. A hold that
 * others may come to have as well never gets the id of somebody's guest.
 */
export async function accountIdToBe(
  step: Step,
  person: Person,
  { heldBy, shared }: { heldBy: string; shared: boolean },
): Promise<string> {
  const hold = await holdOf(step.parts.database, heldBy);
  const guest = shared ? undefined : await idOfGuest(step, person.tenant.id, hold?.accountId);
  return guest ?? hold?.accountId ?? randomUUID();
}

/** Holds the handle, and has the homeserver make its user where that comes before the account. */
export async function reserve(
  step: Step,
  person: Person,
  { accountId, handle, heldBy }: { accountId: string; handle: string; heldBy: string },
): Promise<'ready' | 'taken' | 'provisioning_unavailable'> {
  const { database, provisioning } = step.parts;
  const held = await database.transaction(async (tx) => {
    const outcome = await holdHandle(tx, {
      handle,
      accountId,
      tenantId: person.tenant.id,
      heldBy,
      seconds: holdSeconds,
    });
    if (outcome === 'held') await provisioning?.begin(tx, { handle, accountId });
    return outcome;
  });
  if (held === 'taken') return 'taken';
  const state = (await provisioning?.wait({ handle, accountId })) ?? 'ready';
  if (state === 'conflict') {
    await database.transaction((tx) => concedeHold(tx, accountId, handle));
    return 'taken';
  }
  return state === 'pending' ? 'provisioning_unavailable' : 'ready';
}
