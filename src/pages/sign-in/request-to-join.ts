import { requestState } from '../../admission/sign-up-requests.store.ts';
import { endingPath } from '../../oidc/endings.ts';
import type { Finishing } from '../needs.ts';
import { admissionOf, subjectOf } from './admission.ts';
import { personOf } from './person.ts';
import { continueAsExisting } from './register.ts';
import type { Step } from './step.ts';

/** How a request to join stands. Whoever was let in meanwhile goes on from here. */
export async function showRequest(step: Step<Finishing>): Promise<void> {
  const person = await personOf(step);
  if (!person || person.accountId) return step.redirect(step.url());
  if (await continueAsExisting(step, person)) return;
  if ((await admissionOf(step, person)) !== 'waits') return step.redirect(step.url('profile'));
  const state = await requestState(step.parts.database, {
    tenantId: person.tenant.id,
    subject: subjectOf(step, person),
  });
  if (!state) return step.redirect(step.url());
  const refused = state === 'refused';
  const ending = refused ? 'request_refused' : 'request_waiting';
  step.show('sign-up-request', {
    state: refused ? 'refused' : 'waiting',
    email: person.email || undefined,
    checkUrl: step.url('request'),
    cancelUrl: step.details.params.redirect_uri ? step.url(endingPath(ending)) : undefined,
  });
}
