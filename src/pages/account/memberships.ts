import { readForm } from '../../http/forms.ts';
import { decide, membershipsToShow } from '../membership-choices.ts';
import type { Visit } from './visit.ts';

export const membershipsPath = '/account/memberships';

/** What is still to be decided of what a platform added somebody to before they came. */
export async function showMemberships(visit: Visit): Promise<void> {
  const memberships = await membershipsToShow(visit.parts.database, visit.account.id);
  if (memberships.length === 0) return visit.redirect('/account');
  visit.show('memberships', { action: membershipsPath, memberships, backUrl: '/account' });
}

export async function submitMemberships(visit: Visit): Promise<void> {
  await decide(visit.parts.database, visit.account, await readForm(visit.ctx));
  return visit.done('memberships_decided');
}
