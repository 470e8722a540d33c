import { oldProof } from '../../oidc/policy.ts';
import type { Step } from './step.ts';

const reasonsToProveAgain = new Set(['login_prompt', 'max_age', 'matrix_confirmation', oldProof]);

/** Whether somebody who has proved who they are is asked to do so once more: nothing of before counts. */
export function provesAgain({ details }: Pick<Step, 'details'>): boolean {
  const asked = details.prompt.reasons.some((reason) => reasonsToProveAgain.has(reason));
  return asked || details.params.max_age !== undefined;
}
