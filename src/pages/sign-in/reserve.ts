import { randomUUID } from 'node:crypto';
import { reserveHandle } from '../../accounts/reserve-handle.ts';
import { holdOf } from '../../handles/handles.store.ts';
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
export function reserve(
  step: Step<'provisioning'>,
  person: Person,
  order: { accountId: string; handle: string; heldBy: string },
): ReturnType<typeof reserveHandle> {
  const { database, provisioning } = step.parts;
  const hold = { ...order, tenantId: person.tenant.id, seconds: holdSeconds };
  return reserveHandle({ database, provisioning }, hold);
}
