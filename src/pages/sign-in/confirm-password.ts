import { z } from 'zod';
import { accountById } from '../../accounts/accounts.store.ts';
import { hashPassword } from '../../accounts/address-salt.ts';
import { setFirstPassword } from '../../accounts/first-password.ts';
import { newPasswordProblem } from '../../accounts/new-password.ts';
import { readForm, validate } from '../../http/forms.ts';
import type { Finishing } from '../needs.ts';
import { proved } from './proved.ts';
import type { Step } from './step.ts';

const form = z.object({
  password: z.string().max(1024).default(''),
  skip: z.string().optional(),
});

/** The last step of a sign-up: a password, or none and codes by mail instead. */
export async function showPassword(step: Step, problem?: string): Promise<void> {
  const account = await accountById(step.parts.database, step.signIn.accountId ?? '');
  if (!account) return step.redirect(step.url());
  step.show(
    'password',
    {
      action: step.url('password'),
      email: account.email ?? '',
      handle: account.handle ?? '',
      errors: problem ? { password: { code: problem } } : {},
      skip: true,
    },
    problem ? 422 : 200,
  );
}

export async function submitPassword(step: Step<Finishing | 'breaches' | 'hasher'>): Promise<void> {
  const { parts } = step;
  const account = await accountById(parts.database, step.signIn.accountId ?? '');
  if (!account) return step.redirect(step.url());
  const { password, skip } = validate(form, await readForm(step.ctx));
  if (password && skip === undefined) {
    const problem = await newPasswordProblem(parts.breaches, password, account);
    if (problem) return showPassword(step, problem);
    const hash = await hashPassword(parts, password, account);
    const order = { accountId: account.id, passwordHash: hash };
    await parts.database.transaction((tx) => setFirstPassword(tx, order));
  }
  return proved(step, account.id, 'otp', { expected: true });
}
