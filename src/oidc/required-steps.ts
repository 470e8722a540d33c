import { errors, interactionPolicy } from 'oidc-provider';
import type { ClientDirectory } from '../clients/directory.ts';
import { reaches, rememberedStep } from './proofs.ts';
import type { Subject } from './subjects.store.ts';
import type { Subjects } from './subjects.ts';

const { Check } = interactionPolicy;

type Policy = ReturnType<typeof interactionPolicy.base>;

/** Whether nobody of the account's tenant signs in by one step alone, by now. */
export function mustHaveTwo({ mfaRequiredFrom }: Pick<Subject, 'mfaRequiredFrom'>): boolean {
  return mfaRequiredFrom !== null && Number(mfaRequiredFrom) * 1000 <= Date.now();
}

/**
 * A tenant may want two steps of everybody, also of those whose session is from before, and the operator
 * a strength of each sign-in to a client. The sign-in sees to it; one that has ended with less, as by a
 * hand-off, ends here.
 */
export function requireSteps(
  policy: Policy,
  { subjects, clients }: { subjects: Subjects; clients: ClientDirectory },
): void {
  policy.get('login')?.checks.add(
    new Check('two_steps', 'the community wants two steps', 'login_required', async ({ oidc }) => {
      const { accountId, acr } = oidc.session ?? {};
      const subject = accountId ? await subjects.find(accountId) : undefined;
      if (!subject || !mustHaveTwo(subject) || reaches(acr, rememberedStep)) {
        return Check.NO_NEED_TO_PROMPT;
      }
      if (!oidc.result?.login) return Check.REQUEST_PROMPT;
      throw new errors.UnmetAuthenticationRequirements('the community wants two steps');
    }),
  );
  policy.get('login')?.checks.add(
    new Check('demanded', 'the client wants more', 'login_required', async ({ oidc }) => {
      const { accountId, acr } = oidc.session ?? {};
      const client = accountId ? await clients.find(oidc.client?.clientId ?? '') : undefined;
      if (!client?.acr || reaches(acr, client.acr)) return Check.NO_NEED_TO_PROMPT;
      if (!oidc.result?.login) return Check.REQUEST_PROMPT;
      throw new errors.UnmetAuthenticationRequirements(
        'the sign-in is not as strong as it must be',
      );
    }),
  );
}
