import { errors, interactionPolicy } from 'oidc-provider';
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
 * A tenant may want two steps of everybody, also of those whose session is from before. The sign-in sees
 * to it that there are two; one that has ended with less, as by a hand-off, ends here.
 */
export function requireSteps(policy: Policy, subjects: Subjects): void {
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
}
