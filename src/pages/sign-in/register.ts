import { accountByEmail, updateProfile } from '../../accounts/accounts.store.ts';
import { giveHandle, makeAccount } from '../../accounts/make.ts';
import { record } from '../../audit/events.ts';
import { AppError } from '../../errors.ts';
import type { UpstreamIdentity } from '../../federation/connector.ts';
import { findIdentities } from '../../federation/identities.store.ts';
import { forget } from '../../http/request-cache.ts';
import type { Finishing } from '../needs.ts';
import {
  type Admission,
  admissionOf,
  forgetInvitation,
  leaveRest,
  useAdmission,
} from './admission.ts';
import { goOnAsSignedIn } from './finish.ts';
import { welcomeProved } from './guest.ts';
import { holderOf, isShared } from './kept-handle.ts';
import { heldBy, type Person } from './person.ts';
import { proved } from './proved.ts';
import { accountIdToBe, reserve } from './reserve.ts';
import { findSignIn, keepAccount } from './sign-ins.store.ts';
import type { Step } from './step.ts';
import { methodOf } from './upstream-person.ts';
import { pictureOf } from './upstream-refresh.ts';

type Order = { name: string; handle: string; termsVersion?: string };
type Outcome = 'done' | 'taken' | 'provisioning_unavailable';

/** Somebody else was faster: what is true now decides anew. */
const overtaking = new Set(['handle_taken', 'invitation_spent', 'approval_withdrawn']);

/**
 * Holds the handle, has the homeserver make its user, then makes account, handle and audit row in
 * one transaction. Whatever fails on the way leaves at most a hold that expires.
 */
export async function registerAccount(
  step: Step<Finishing | 'serverName'>,
  person: Person,
  order: Order,
): Promise<Outcome> {
  for (let tries = 0; tries < 3; tries += 1) {
    const outcome = await tryToRegister(step, person, order);
    if (outcome !== 'overtaken') return outcome;
  }
  return 'taken';
}

/** @returns `overtaken` when the hold was moved, in another tab, or an invitation used up meanwhile */
async function tryToRegister(
  step: Step<Finishing | 'serverName'>,
  person: Person,
  order: Order,
): Promise<Outcome | 'overtaken'> {
  if (await continueAsExisting(step, person)) return 'done';
  const admission = await admissionOf(step, person);
  if (admission === 'waits') {
    step.redirect(step.url('request'));
    return 'done';
  }
  const heldBy = holderOf(step, person, admission, order.handle);
  const accountId = await accountIdToBe(step, person, {
    heldBy,
    shared: isShared(admission, heldBy),
  });
  const reserved = await reserve(step, person, { accountId, handle: order.handle, heldBy });
  if (reserved === 'taken' && (await continueAsExisting(step, person))) return 'done';
  if (reserved !== 'ready') return reserved;
  try {
    await register(step, person, { ...order, accountId }, admission);
  } catch (error) {
    if (await continueAsExisting(step, person)) return 'done';
    if (error instanceof AppError && overtaking.has(error.code)) return 'overtaken';
    throw error;
  }
  forgetInvitation(step, admission);
  forget('Subject', accountId);
  if (person.upstream) await finishAs(step, accountId, person.upstream, { expected: true });
  else step.redirect(step.url('password'));
  return 'done';
}

function register(
  step: Step<'provisioning'>,
  person: Person,
  order: Order & { accountId: string },
  admission: Admission,
) {
  const { accountId, handle, termsVersion } = order;
  return step.parts.database.transaction(async (tx) => {
    await useAdmission(tx, admission, { accountId, person });
    await makeAccount(tx, {
      id: accountId,
      tenantId: person.tenant.id,
      clientId: step.client.id,
      handle,
      termsVersion,
      identity: person.upstream,
      name: order.name,
      email: person.email || null,
      emailKey: person.emailKey || null,
      emailVerified: person.email !== '',
      picture: person.upstream && pictureOf(person.upstream),
      locale: step.locale,
    });
    await welcomeProved(tx, step, accountId);
    await keepAccount(tx, step.signIn.id, accountId);
    await giveHandle(tx, { accountId, handle, provisioned: Boolean(step.parts.provisioning) });
    await leaveRest(tx, admission);
  });
}

function finishAs(
  step: Step<Finishing>,
  accountId: string,
  upstream: UpstreamIdentity,
  options: { expected?: boolean } = {},
): Promise<void> {
  return proved(step, accountId, methodOf(upstream), { upstream, ...options });
}

/**
 * The form was sent twice, or the same person finished in another tab: the address is proved, so
 * this sign-in goes on as the account that exists.
 */
export async function continueAsExisting(step: Step<Finishing>, person: Person): Promise<boolean> {
  const { database } = step.parts;
  if (person.upstream) return continueAsKnown(step, person, person.upstream);
  const existing = await accountByEmail(database, person.tenant.id, person.emailKey);
  if (!existing) return false;
  const signIn = await findSignIn(database, step.signIn.id);
  if (signIn?.accountId === existing.id) step.redirect(step.url('password'));
  else await proved(step, existing.id, 'otp');
  return true;
}

/** The same by the identity; an address that has an account meanwhile leads to the offer to link. */
async function continueAsKnown(
  step: Step<Finishing>,
  { tenant, emailKey }: Person,
  upstream: UpstreamIdentity,
) {
  const { database } = step.parts;
  const [known] = await findIdentities(database, upstream, tenant.id);
  if (known) await finishAs(step, known.accountId, upstream);
  else if (!emailKey || !(await accountByEmail(database, tenant.id, emailKey))) return false;
  else step.redirect(step.url('arrived'));
  return true;
}

/** The same for an account that exists and only lacks a handle. */
export async function setUpHandle(
  step: Step<'provisioning'>,
  person: Person,
  order: Order & { accountId: string },
): Promise<Outcome> {
  const hold = { ...order, heldBy: heldBy(step, person) };
  const reserved = await reserve(step, person, hold);
  if (reserved !== 'ready') return reserved;
  await step.parts.database.transaction(async (tx) => {
    await updateProfile(tx, order.accountId, { name: order.name });
    await giveHandle(tx, { ...order, provisioned: Boolean(step.parts.provisioning) });
    await record(tx, {
      action: 'account.handle_chosen',
      actor: order.accountId,
      tenantId: person.tenant.id,
      target: order.accountId,
      clientId: step.client.id,
      detail: { handle: order.handle },
    });
  });
  await goOnAsSignedIn(step);
  return 'done';
}
