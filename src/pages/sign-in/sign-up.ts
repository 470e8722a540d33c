import { z } from 'zod';
import { parseEmail } from '../../accounts/email-address.ts';
import { serves } from '../../clients/directory.ts';
import { AppError } from '../../errors.ts';
import { readForm, validate } from '../../http/forms.ts';
import {
  defaultTenant,
  offeredTenants,
  tenantByEmailDomain,
  tenantById,
  tenantByName,
} from '../../tenants/tenants.store.ts';
import { trimUnseen } from '../../text/unseen.ts';
import { invitedTo, receive } from './admission.ts';
import { newcomerTo } from './person.ts';
import { sendCode } from './send-code.ts';
import { restartSignIn } from './sign-ins.store.ts';
import type { Step } from './step.ts';
import { waysOf } from './upstream.ts';
import { problemOf } from './upstream-problem.ts';

const form = z.object({
  email: z.string().max(320).default(''),
  tenant: z.string().max(100).optional(),
});

type Errors = Record<string, { code: string }>;

export async function showSignUp(
  step: Step<'connectors' | 'ring'>,
  shown: { value?: string; tenant?: string; errors?: Errors } = {},
): Promise<void> {
  const errors = shown.errors ?? (await problemOf(step)) ?? {};
  const offered = step.fixedTenant ? [] : await communitiesToJoin(step);
  const hint = step.details.params.login_hint;
  step.show(
    'sign-up',
    {
      action: step.url('sign-up'),
      value: shown.value ?? (typeof hint === 'string' && hint.includes('@') ? hint : ''),
      errors,
      ways: await waysOf(step),
      signInUrl: step.url('sign-in'),
      cancelUrl: step.details.params.redirect_uri ? step.url('cancel') : undefined,
      tenants: offered.length > 1 ? offered : undefined,
      tenant: shown.tenant,
    },
    shown.errors ? 422 : 200,
  );
}

export async function submitSignUp(
  step: Step<'codes' | 'connectors' | 'limits' | 'links' | 'mail' | 'publicUrl' | 'ring'>,
): Promise<void> {
  const fields = validate(form, await readForm(step.ctx));
  const shown = { value: fields.email, tenant: fields.tenant };
  const address = parseEmail(fields.email);
  if (!address) {
    const code = trimUnseen(fields.email) ? 'email_invalid' : 'email_required';
    return showSignUp(step, { ...shown, errors: { email: { code } } });
  }
  const tenant = step.fixedTenant ?? (await tenantToJoin(step, address.key, fields.tenant));
  if (!tenant) {
    return showSignUp(step, { ...shown, errors: { tenant: { code: 'tenant_required' } } });
  }
  if (tenant.signUp === 'closed' && invitedTo(step) !== tenant.id) {
    throw new AppError('sign_up_closed');
  }
  const order = {
    intent: 'sign-up' as const,
    email: address.email,
    emailKey: address.key,
    tenantId: tenant.id,
    remember: true,
  };
  const refused = await sendCode(step, order);
  if (refused) return showSignUp(step, { ...shown, errors: { form: refused } });
  await restartSignIn(step.parts.database, step.signIn.id, order);
  return step.redirect(step.url('code'));
}

/** An address that has no account here was proved: which community is it for? */
export async function continueSignUp(step: Step<'ring'>): Promise<void> {
  const tenant =
    step.tenant ?? (await tenantToJoin(step, step.signIn.emailKey as string, undefined));
  const person = tenant && newcomerTo(step, tenant);
  if (!person) return step.redirect(step.url('community'));
  return receive(step, person);
}

/**
 * The operator's word on the address's domain, else the choice made, else the default tenant where
 * there is nothing to choose.
 */
export async function tenantToJoin(
  step: Step<'ring'>,
  emailKey: string,
  chosen: string | undefined,
) {
  const { database } = step.parts;
  const domain = emailKey.slice(emailKey.lastIndexOf('@') + 1);
  const byDomain = await tenantByEmailDomain(database, domain);
  if (byDomain && serves(step.client, byDomain.id)) return byDomain;
  const offered = await communitiesToJoin(step);
  if (offered.length > 1) {
    const match = offered.find(({ slug }) => slug === chosen);
    return match && tenantByName(database, match.slug);
  }
  const [only] = offered;
  if (only) return tenantByName(database, only.slug);
  const fallback = await defaultTenant(database);
  return fallback && serves(step.client, fallback.id) ? fallback : undefined;
}

/** Those that anybody may choose, and the one that invited this browser's person. */
export async function communitiesToJoin(step: Step<'ring'>) {
  const { database } = step.parts;
  const offered = await offeredTenants(database);
  const invited = invitedTo(step);
  if (invited && !offered.some(({ id }) => id === invited)) {
    const tenant = await tenantById(database, invited);
    if (tenant?.status === 'active') offered.unshift(tenant);
  }
  return offered
    .filter((tenant) => serves(step.client, tenant.id))
    .map(({ slug, name }) => ({ slug, name }));
}
