import { z } from 'zod';
import type { Errors } from '../../../views/registry.ts';
import { type EmailAddress, parseEmail } from '../../accounts/email-address.ts';
import { readForm, validate } from '../../http/forms.ts';
import { trimUnseen } from '../../text/unseen.ts';
import { pendingEmail, sendEmailCode } from './email-code.ts';
import type { Visit } from './visit.ts';

const form = z.object({ email: z.string().max(320).default('') });

export async function showEmail(
  visit: Visit,
  shown: { value?: string; errors?: Errors } = {},
): Promise<void> {
  visit.show('account-email', {
    action: '/account/email',
    backUrl: '/account',
    email: visit.account.email ?? '',
    value: shown.value ?? '',
    errors: shown.errors ?? {},
  });
}

/** Mails a code to the new address. Whether somebody here has it already is told only there. */
export async function submitEmail(
  visit: Visit<'codes' | 'limits' | 'mail' | 'rateLimits' | 'ring'>,
): Promise<void> {
  const { email: value } = validate(form, await readForm(visit.ctx));
  const address = parseEmail(value);
  const problem = address ? problemOf(address, visit) : missingOrInvalid(value);
  if (!address || problem) {
    return showEmail(visit, { value, errors: { email: { code: problem ?? 'email_invalid' } } });
  }
  const refused = await sendEmailCode(visit, address);
  if (refused) return showEmail(visit, { value, errors: { form: refused } });
  pendingEmail.write(visit.ctx, visit.parts, { accountId: visit.account.id, ...address });
  return visit.redirect('/account/email/code');
}

function missingOrInvalid(value: string): string {
  return trimUnseen(value) ? 'email_invalid' : 'email_required';
}

function problemOf({ email, key }: EmailAddress, { account, tenant }: Visit): string | undefined {
  if (email === account.email) return 'email_same';
  const domain = key.slice(key.lastIndexOf('@') + 1);
  const restricted = tenant.signUp === 'domains' && !tenant.signUpDomains.includes(domain);
  return restricted ? 'email_domain_not_allowed' : undefined;
}
