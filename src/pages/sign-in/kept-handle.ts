import { keptBy } from '../../admission/invitations.ts';
import { freeAmong } from '../../handles/handles.store.ts';
import { normaliseHandle } from '../../handles/rules.ts';
import { type Admission, invitationFor } from './admission.ts';
import { heldBy, type Person } from './person.ts';
import type { Step } from './step.ts';

/** The handle that this person's invitation keeps for them, while it is theirs to take. */
export async function keptFor(step: Step, person: Person): Promise<string | undefined> {
  const invitation = person.accountId ? undefined : await invitationFor(step, person);
  if (!invitation?.handle) return undefined;
  const [kept] = await freeAmong(step.parts.database, [invitation.handle], keptBy(invitation.id));
  return kept;
}

/** By whose hold a handle is this person's: that of their invitation, or their own. */
export function holderOf(
  step: Step<'serverName'>,
  person: Person,
  { invitation }: Admission,
  handle: string,
): string {
  const kept = invitation?.handle === normaliseHandle(handle, step.parts.serverName);
  return invitation && kept ? keptBy(invitation.id) : heldBy(step, person);
}

/** Whether anybody who comes by the same link may go on with this hold. */
export function isShared({ invitation }: Admission, heldBy: string): boolean {
  return invitation?.emailKey === null && heldBy === keptBy(invitation.id);
}

/** The same while it is still being chosen. */
export async function holderOfTyped(
  step: Step<'serverName'>,
  person: Person,
  typed: string,
): Promise<string> {
  const invitation = person.accountId ? undefined : await invitationFor(step, person);
  return holderOf(step, person, { invitation }, typed);
}
