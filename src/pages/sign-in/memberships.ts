import { AppError } from '../../errors.ts';
import { readForm } from '../../http/forms.ts';
import { decide, membershipsToShow } from '../membership-choices.ts';
import { answer } from './finish.ts';
import type { Step } from './step.ts';

/** Whoever was a guest until now is asked what of it they want, before going on. */
export async function showMemberships(step: Step<'subjects'>): Promise<void> {
  const { id } = await ownerOf(step);
  const memberships = await membershipsToShow(step.parts.database, id);
  if (memberships.length === 0) return answer(step, { memberships: 'asked' });
  step.show('memberships', { action: step.url('memberships'), memberships });
}

export async function submitMemberships(step: Step<'subjects'>): Promise<void> {
  const owner = await ownerOf(step);
  await decide(step.parts.database, owner, await readForm(step.ctx));
  return answer(step, { memberships: 'asked' });
}

/** @throws AppError `sign_in_expired` (400) where this is not what the provider waits for */
async function ownerOf({ details, parts }: Step<'subjects'>) {
  const asked = details.prompt.name === 'memberships';
  const owner = asked && (await parts.subjects.find(details.session?.accountId ?? ''));
  if (!owner) throw new AppError('sign_in_expired');
  return owner;
}
