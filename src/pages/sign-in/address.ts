import { z } from 'zod';
import { accountById, lockAccount } from '../../accounts/accounts.store.ts';
import { claimGuest } from '../../accounts/claim-guest.ts';
import { parseEmail } from '../../accounts/email-address.ts';
import { KnownBrowsers } from '../../accounts/known-browsers.ts';
import { changeEmail } from '../../accounts/lifecycle.ts';
import type { Transaction } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import { readForm, validate } from '../../http/forms.ts';
import type { Tenant } from '../../tenants/tenant.entity.ts';
import { tenantById } from '../../tenants/tenants.store.ts';
import { trimUnseen } from '../../text/unseen.ts';
import { sendCode } from './send-code.ts';
import { restartSignIn } from './sign-ins.store.ts';
import type { Step } from './step.ts';
import { keepFacts, type UpstreamFacts, upstreamOf, vouchedAddress } from './upstream-person.ts';

const form = z.object({ email: z.string().max(320).default(''), skip: z.string().optional() });

type Errors = Record<string, { code: string; params?: Record<string, string | number> }>;

/** Who is asked for an address: a newcomer whom another provider sent, or an account without one. */
type Asked = {
  tenant: Tenant;
  required: boolean;
  suggestion: string;
  /** Who made the suggestion; it proves nothing. */
  provider?: string;
  facts?: UpstreamFacts;
};

/** Whether the tenant has no accounts without a proved address. */
function needsAddress({ emailRequired, signUp }: Tenant): boolean {
  return emailRequired || signUp === 'domains';
}

/** Whether a newcomer from elsewhere is still to be asked: not who brought, proved or declined one. */
export function wantsAddress(step: Step, tenant: Tenant, facts: UpstreamFacts): boolean {
  if (vouchedAddress(facts.identity) || step.signIn.provedAt) return false;
  return needsAddress(tenant) || !facts.withoutEmail;
}

export async function showAddress(
  step: Step<'connectors' | 'ring'>,
  shown: { value?: string; errors?: Errors } = {},
): Promise<void> {
  const asked = await askedOf(step);
  if (!asked) return step.redirect(step.url());
  const { required, suggestion, provider } = asked;
  const value = shown.value ?? suggestion;
  step.show(
    'address',
    {
      action: step.url('email'),
      value,
      errors: shown.errors ?? {},
      required,
      provider,
      suggested: value !== '' && value === suggestion,
      cancelUrl: step.details.params.redirect_uri ? step.url('cancel') : undefined,
    },
    shown.errors ? 422 : 200,
  );
}

export async function submitAddress(
  step: Step<'codes' | 'connectors' | 'limits' | 'links' | 'mail' | 'publicUrl' | 'ring'>,
): Promise<void> {
  const asked = await askedOf(step);
  if (!asked) return step.redirect(step.url());
  const { email: value, skip } = validate(form, await readForm(step.ctx));
  const { tenant, required, facts } = asked;
  const { database, ring } = step.parts;
  if (skip !== undefined && !required && facts) {
    const { identity } = facts;
    await keepFacts(database, ring, step.signIn.id, { identity, withoutEmail: true });
    return step.redirect(step.url('arrived'));
  }
  const address = parseEmail(value);
  if (!address) {
    const code = trimUnseen(value) ? 'email_invalid' : 'email_required';
    return showAddress(step, { value, errors: { email: { code } } });
  }
  const order = {
    intent: 'sign-up' as const,
    email: address.email,
    emailKey: address.key,
    tenantId: tenant.id,
    remember: step.signIn.remember,
  };
  const refused = await sendCode(step, order);
  if (refused) return showAddress(step, { value, errors: { form: refused } });
  await restartSignIn(database, step.signIn.id, order, { keepsUpstream: true });
  return step.redirect(step.url('code'));
}

/**
 * In the transaction that uses up the code: gives the proved address to the account that is signed in
 * and has none.
 *
 * @throws AppError `email_taken` (409) where another account has got it meanwhile, `sign_in_expired`
 *   (400) where this one has another by now, from another tab
 */
export async function giveAddress(
  tx: Transaction,
  { details, parts, signIn }: Step<'outside'>,
  { email, emailKey }: { email: string; emailKey: string },
): Promise<void> {
  const { accountId, uid } = details.session ?? {};
  if (!accountId || !uid) throw new AppError('sign_in_expired');
  if ((await lockAccount(tx, accountId)).emailKey) throw new AppError('sign_in_expired');
  const change = { accountId, email, emailKey, keep: { sessionUid: uid } };
  await changeEmail(tx, change, parts.outside);
  await new KnownBrowsers(parts.fingerprints).rememberBrowser(tx, signIn.browser, accountId);
  await claimGuest(tx, { accountId, emailKey });
}

async function askedOf(step: Step<'connectors' | 'ring'>): Promise<Asked | undefined> {
  if (step.details.prompt.name === 'email') return accountAsked(step);
  const facts = upstreamOf(step);
  const { tenant, parts } = step;
  if (!facts || facts.link || !tenant || vouchedAddress(facts.identity)) return undefined;
  const { connection, email = '' } = facts.identity;
  const connector = await parts.connectors.find(tenant, connection);
  const suggestion = parseEmail(email)?.email ?? '';
  const provider = connector?.name ?? connection;
  return { tenant, required: needsAddress(tenant), suggestion, provider, facts };
}

async function accountAsked({ details, parts }: Step): Promise<Asked | undefined> {
  const account = await accountById(parts.database, details.session?.accountId ?? '');
  const tenant = account && (await tenantById(parts.database, account.tenantId));
  if (!tenant || account.emailKey) return undefined;
  return { tenant, required: true, suggestion: account.email ?? '' };
}
