import { accountById } from '../../accounts/accounts.store.ts';
import { findWait } from '../../factors/lost-factors.store.ts';
import { beginWait, giveUpFactors, mayWait } from '../../factors/lost-factors.ts';
import { readForm } from '../../http/forms.ts';
import { tenantById } from '../../tenants/tenants.store.ts';
import type { Finishing } from '../needs.ts';
import { leaveEndedSession } from './finish.ts';
import { waitingFor } from './pending.ts';
import { goOn } from './proved.ts';
import type { Step } from './step.ts';
import { upstreamBehind } from './upstream-person.ts';

/** Where a mail's link leads, by which the wait is called off. */
export const cancelWaitPath = '/recover/second-step';

type LosingStep = Step<Finishing | 'lostFactorHours'>;

/** Neither app nor codes: by waiting, where that is a way, else by asking the administrators. */
export async function showLost(step: LosingStep): Promise<void> {
  const state = await stateOf(step);
  if (!state) return step.redirect(step.url());
  step.show('lost-factors', {
    action: step.url('lost'),
    ...state,
    hours: step.parts.lostFactorHours,
    backUrl: step.url('second-step'),
  });
}

export async function submitLost(step: LosingStep): Promise<void> {
  await readForm(step.ctx);
  const state = await stateOf(step);
  if (!state) return step.redirect(step.url());
  if (state.state === 'offered') await begin(step);
  if (state.state === 'over') return giveUp(step);
  return step.redirect(step.url('lost'));
}

async function stateOf(step: LosingStep) {
  const { subject } = (await waitingFor(step)) ?? {};
  const { database } = step.parts;
  const account = subject && (await accountById(database, subject.id));
  const tenant = account && (await tenantById(database, account.tenantId));
  if (!account || !tenant) return undefined;
  if (!(await mayWait(database, account, tenant))) return { state: 'none' as const };
  const wait = await findWait(database, account.id);
  if (!wait) return { state: 'offered' as const };
  return { state: wait.isOver ? ('over' as const) : ('waiting' as const), due: wait.dueAt };
}

async function begin(step: LosingStep): Promise<void> {
  const { subject } = (await waitingFor(step)) ?? {};
  if (!subject) return;
  const { database, fingerprints, outside, publicUrl, lostFactorHours: hours } = step.parts;
  const order = { accountId: subject.id, hours, cancelUrl: `${publicUrl}${cancelWaitPath}` };
  await database.transaction((tx) => beginWait(tx, order, { fingerprints, ...outside }));
}

async function giveUp(step: LosingStep): Promise<void> {
  const { pending } = (await waitingFor(step)) ?? {};
  if (!pending) return step.redirect(step.url());
  const { accountId, proofs, expected } = pending;
  const upstream = upstreamBehind(step, proofs);
  const { database, outside } = step.parts;
  await database.transaction((tx) => giveUpFactors(tx, accountId, outside));
  await leaveEndedSession(step);
  return goOn(step, accountId, proofs, { expected, upstream });
}
