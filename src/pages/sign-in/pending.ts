import { z } from 'zod';
import { lifetimes } from '../../oidc/lifetimes.ts';
import { methods, type Proofs } from '../../oidc/proofs.ts';
import type { Subject } from '../../oidc/subjects.store.ts';
import { keepPending } from './sign-ins.store.ts';
import type { Step } from './step.ts';

/** How long the first step waits for the second, in seconds. */
const pendingSeconds = 15 * 60;

const proof = z.object({ method: z.enum(methods), at: z.coerce.date() });
const schema = z.object({
  proofs: z.tuple([proof], proof),
  /** Whether the person is told of the sign-in by another mail. */
  expected: z.boolean(),
});

/** What was proved while a second step is asked for. */
export type Pending = { accountId: string; proofs: Proofs; expected: boolean };

export async function keepFirstStep(step: Step, pending: Pending): Promise<void> {
  const { accountId, ...rest } = pending;
  await keepPending(step.parts.database, step.signIn, {
    ...{ accountId, pending: rest },
    seconds: lifetimes.Interaction,
  });
}

/** Of this very sign-in, which belongs to one browser; none where it took too long. */
function pendingOf({ signIn }: Step): Pending | undefined {
  const { pendingAccountId: accountId, pending } = signIn;
  if (!accountId) return undefined;
  const kept = schema.parse(pending);
  const [first] = kept.proofs;
  const over = first.at.getTime() < Date.now() - pendingSeconds * 1000;
  return over ? undefined : { accountId, ...kept };
}

/** The first step that waits here, and whose it is. */
export async function waitingFor(
  step: Step<'subjects'>,
): Promise<{ pending: Pending; subject: Subject } | undefined> {
  const pending = pendingOf(step);
  const subject = pending && (await step.parts.subjects.find(pending.accountId));
  return subject && { pending, subject };
}
