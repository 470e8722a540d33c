import { z } from 'zod';
import { hashPassword } from '../../accounts/address-salt.ts';
import { parseIdentifier } from '../../accounts/identifier.ts';
import { recover } from '../../accounts/lifecycle.ts';
import { newPasswordProblem } from '../../accounts/new-password.ts';
import { AppError } from '../../errors.ts';
import { readForm, validate } from '../../http/forms.ts';
import { trimUnseen } from '../../text/unseen.ts';
import type { Finishing } from '../needs.ts';
import { accountsOfProvedAddress } from './code.ts';
import { leaveEndedSession } from './finish.ts';
import { proved } from './proved.ts';
import { sendCode } from './send-code.ts';
import { restartSignIn } from './sign-ins.store.ts';
import type { Step } from './step.ts';

const addressForm = z.object({ email: z.string().max(320).default('') });
const passwordForm = z.object({ password: z.string().max(1024).default('') });

type Errors = Record<string, { code: string }>;

export async function showRecovery(
  step: Step,
  shown: { value?: string; errors?: Errors } = {},
): Promise<void> {
  const hint = step.details.params.login_hint;
  step.show(
    'recovery',
    {
      action: step.url('recovery'),
      value: shown.value ?? (typeof hint === 'string' ? hint : ''),
      errors: shown.errors ?? {},
      signInUrl: step.url('sign-in'),
    },
    shown.errors ? 422 : 200,
  );
}

export async function submitRecovery(
  step: Step<'codes' | 'limits' | 'links' | 'mail' | 'publicUrl'>,
): Promise<void> {
  const { email } = validate(addressForm, await readForm(step.ctx));
  const identifier = parseIdentifier(email);
  if (!identifier) {
    const code = trimUnseen(email) ? 'email_invalid' : 'identifier_required';
    return showRecovery(step, { value: email, errors: { email: { code } } });
  }
  const order = {
    intent: 'recovery' as const,
    email: identifier.email ?? identifier.handle ?? null,
    emailKey: identifier.emailKey ?? null,
    tenantId: step.fixedTenant?.id ?? null,
    remember: step.signIn.remember,
  };
  const refused = await sendCode(step, order);
  if (refused) return showRecovery(step, { value: email, errors: { form: refused } });
  await restartSignIn(step.parts.database, step.signIn.id, order);
  return step.redirect(step.url('code'));
}

/** After the code: a new password for the account of the proved address. */
export async function showNewPassword(step: Step, problem?: string): Promise<void> {
  const account = await recoverable(step);
  if (!account) return step.redirect(step.url());
  step.show(
    'new-password',
    {
      action: step.url('new-password'),
      handle: account.handle ?? '',
      errors: problem ? { password: { code: problem } } : {},
    },
    problem ? 422 : 200,
  );
}

export async function submitNewPassword(
  step: Step<Finishing | 'breaches' | 'hasher'>,
): Promise<void> {
  const { parts } = step;
  const account = await recoverable(step);
  if (!account) return step.redirect(step.url());
  const { password } = validate(passwordForm, await readForm(step.ctx));
  const problem = password
    ? await newPasswordProblem(parts.breaches, password, account)
    : 'password_required';
  if (problem) return showNewPassword(step, problem);
  const passwordHash = await hashPassword(parts, password, account);
  await parts.database.transaction((tx) =>
    recover(
      tx,
      { accountId: account.id, emailKey: step.signIn.emailKey as string, passwordHash },
      parts.outside,
    ),
  );
  await leaveEndedSession(step);
  return proved(step, account.id, 'otp', { expected: true });
}

/**
 * The account of the proved address; where several communities know it, nobody before one is chosen.
 *
 * @throws AppError `account_unknown` when the address was proved and nobody here has it
 */
async function recoverable(step: Step) {
  const { signIn } = step;
  if (signIn.intent !== 'recovery' || !signIn.provedAt) return undefined;
  const [account, another] = await accountsOfProvedAddress(step);
  if (!account) throw new AppError('account_unknown');
  return another ? undefined : account;
}
