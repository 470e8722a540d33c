import { type Invitation, invitationById } from '../../admission/invitations.store.ts';
import { releaseKeptHandle, useInvitation } from '../../admission/invitations.ts';
import { type Proof, refusalOf } from '../../admission/rules.ts';
import { requestState } from '../../admission/sign-up-requests.store.ts';
import { askToJoin, useApproval } from '../../admission/sign-up-requests.ts';
import type { Transaction } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import { acceptedInvitation, forgetAccepted } from '../invitation/accepted.ts';
import type { Person } from './person.ts';
import { chooseTenant, keepInvitation } from './sign-ins.store.ts';
import type { Step } from './step.ts';

/** By what somebody without an account may have one; by nothing where the tenant takes everybody. */
export type Admission = { invitation?: Invitation; approval?: string };

/** What to tell whoever comes by an invitation that is none for them. */
const problems = {
  open: 'invitation_for_another',
  used_up: 'invitation_used_up',
  expired: 'invitation_ended',
  revoked: 'invitation_ended',
} as const;

/**
 * Somebody without an account has proved who they are. Whether they may have one is told only now,
 * so that nobody learns a tenant's rules or members by typing addresses.
 *
 * @throws AppError as `admissionOf`
 */
export async function receive(step: Step<'ring'>, person: Person): Promise<void> {
  const { signIn, parts } = step;
  const { tenant } = person;
  const accepted = acceptedInvitation(step.ctx, parts);
  if (accepted?.tenantId === tenant.id) {
    signIn.invitationId = accepted.id;
    await keepInvitation(parts.database, signIn.id, accepted.id);
  }
  const admission = await admissionOf(step, person);
  if (!signIn.tenantId) await chooseTenant(parts.database, signIn.id, tenant.id);
  if (admission !== 'waits') return step.redirect(step.url('profile'));
  await ask(step, person);
  return step.redirect(step.url('request'));
}

/**
 * What lets this person in, as things are now: the transaction that makes the account decides again.
 *
 * @returns `waits` where the tenant has not approved of them
 * @throws AppError `sign_up_closed`, `sign_up_domain`, or what is wrong with their invitation (403)
 */
export async function admissionOf(step: Step, person: Person): Promise<Admission | 'waits'> {
  const { tenant } = person;
  const invitation = await invitationOf(step, person);
  const refusal = refusalOf(tenant, proofOf(person));
  if (invitation && isFor(invitation, person)) return { invitation };
  if (refusal) {
    const problem = invitation && tenant.status === 'active' ? problems[invitation.state] : refusal;
    throw new AppError(problem);
  }
  if (!tenant.signUpApproval) return {};
  const approval = subjectOf(step, person);
  const state = await requestState(step.parts.database, { tenantId: tenant.id, subject: approval });
  return state === 'approved' ? { approval } : 'waits';
}

/** The invitation by which this person joins, if it lets them in. */
export async function invitationFor(step: Step, person: Person): Promise<Invitation | undefined> {
  const invitation = await invitationOf(step, person);
  return invitation && isFor(invitation, person) ? invitation : undefined;
}

/** The tenant that this browser's person accepted an invitation to, whatever that is worth. */
export function invitedTo({ ctx, parts }: Step<'ring'>): string | undefined {
  return acceptedInvitation(ctx, parts)?.tenantId;
}

/**
 * In the transaction that makes an account, before its handle becomes active.
 *
 * @throws AppError `invitation_spent` or `approval_withdrawn` (409) where it lets in no more
 */
export async function useAdmission(
  tx: Transaction,
  { invitation, approval }: Admission,
  { accountId, person }: { accountId: string; person: Person },
): Promise<void> {
  const { emailKey, tenant } = person;
  const made = { tenantId: tenant.id, accountId };
  if (invitation) await useInvitation(tx, { ...made, invitationId: invitation.id, emailKey });
  if (approval) await useApproval(tx, { ...made, subject: approval });
}

/** After the handle became active: whatever else was kept is free again. */
export async function leaveRest(tx: Transaction, { invitation }: Admission): Promise<void> {
  if (invitation?.handle) await releaseKeptHandle(tx, invitation.id);
}

export function forgetInvitation({ ctx, parts }: Step<'ring'>, { invitation }: Admission): void {
  if (invitation) forgetAccepted(ctx, parts);
}

async function invitationOf({ signIn, parts }: Step, { tenant }: Person) {
  if (!signIn.invitationId) return undefined;
  const invitation = await invitationById(parts.database, signIn.invitationId);
  return invitation?.tenantId === tenant.id ? invitation : undefined;
}

function isFor({ state, emailKey }: Invitation, { tenant, ...person }: Person): boolean {
  const addressed = emailKey === null || emailKey === person.emailKey;
  return state === 'open' && addressed && tenant.status === 'active';
}

function proofOf({ emailKey, upstream }: Person): Proof {
  return { emailKey, hostedDomain: upstream?.hostedDomain };
}

/** An address is the same proof by whatever way it came; who has none is known by their identity. */
export function subjectOf({ parts }: Step, { tenant, emailKey, upstream }: Person): string {
  const proof = emailKey || [upstream?.connection, upstream?.issuer, upstream?.subject];
  return parts.fingerprints.of('sign-up request', JSON.stringify([tenant.id, proof]));
}

function ask(step: Step, person: Person): Promise<void> {
  const { tenant, email, name, upstream } = person;
  return step.parts.database.transaction((tx) =>
    askToJoin(tx, {
      tenantId: tenant.id,
      subject: subjectOf(step, person),
      email: email || null,
      name: name || null,
      way: upstream?.connection ?? 'email',
      locale: step.locale,
    }),
  );
}
