import type { Mail, MailFrame } from '../../../views/mail-registry.ts';
import {
  accountByEmail,
  accountsByEmailKey,
  signInCandidates,
} from '../../accounts/accounts.store.ts';
import { type CodePurpose, codeLimits } from '../../accounts/codes.ts';
import type { Transaction } from '../../database/database.ts';
import { mailFrame } from '../../tenants/mail.ts';
import { tooMany } from './code-problems.ts';
import { type SignIn, touchSignIn } from './sign-ins.store.ts';
import type { Step } from './step.ts';

type Order = Pick<SignIn, 'intent' | 'email' | 'emailKey' | 'tenantId'>;

/** What a code is for: the address of an account is changed where the provider waits for one. */
export function purposeOf({ details }: Step, { intent }: Pick<Order, 'intent'>): CodePurpose {
  return details.prompt.name === 'email' ? 'email-change' : intent;
}

/**
 * Sends a code for what this sign-in intends. Known and unknown addresses get a mail each, of
 * different words, for the same queries: the page cannot tell them apart.
 *
 * @returns an error to show when limits refuse it, which they decide before any account is looked up
 */
export async function sendCode(
  step: Step<'codes' | 'limits' | 'links' | 'mail' | 'publicUrl'>,
  order: Order,
) {
  const { parts, signIn, ctx } = step;
  const limit = await parts.limits.codeRequest({
    identifier: order.emailKey ?? order.email ?? '',
    tenantId: order.tenantId,
    address: ctx.ip,
    browser: signIn.browser,
  });
  if (!limit.allowed) return tooMany(limit.retryAt);
  const purpose = purposeOf(step, order);
  await parts.database.transaction(async (tx) => {
    await touchSignIn(tx, signIn.id);
    const recipient = await recipientOf(tx, order);
    const { code } = await parts.codes.issueCode(tx, {
      purpose,
      tenantId: order.tenantId,
      browser: signIn.browser,
      subject: signIn.id,
      email: recipient.email ?? order.email ?? '',
      emailKey: recipient.emailKey ?? order.emailKey ?? '',
      accountId: recipient.accountId,
      digits: limit.digits,
    });
    if (!recipient.email) return;
    const link = await recoveryLink(tx, step, order, recipient);
    const frame = mailFrame(step.brand, step.application?.name);
    await parts.mail.queue(tx, {
      ...mailFor(purpose, recipient.known, frame, { code, link }),
      tenantId: order.tenantId,
      to: recipient.email,
      onBehalfOf: limit.knownBrowser ? signIn.browser : undefined,
      locale: step.locale,
    });
  });
  return undefined;
}

type Recipient = {
  known: boolean;
  /** Whether no other community knows the address: else the person chooses after the code. */
  isOne: boolean;
  accountId: string | null;
  email: string | null;
  emailKey: string | null;
  tenantId: string | null;
};

/** The one query for whom the mail is, whether somebody is known there or not. */
async function recipientOf(tx: Transaction, { email, emailKey, tenantId }: Order) {
  const typed = { email: emailKey ? email : null, emailKey };
  if (!emailKey) {
    const [named] = await signInCandidates(tx, { handle: email ?? '' });
    const isMeant = named && (!tenantId || named.account.tenantId === tenantId);
    return recipient(isMeant ? named.account : undefined, typed);
  }
  if (tenantId) return recipient(await accountByEmail(tx, tenantId, emailKey), typed);
  const [latest, another] = await accountsByEmailKey(tx, emailKey);
  return { ...recipient(latest, typed), isOne: another === undefined };
}

function recipient(
  account:
    | { id: string; tenantId: string; email: string | null; emailKey: string | null }
    | undefined,
  typed: { email: string | null; emailKey: string | null },
): Recipient {
  return {
    known: account !== undefined,
    isOne: true,
    accountId: account?.id ?? null,
    email: typed.email ?? account?.email ?? null,
    emailKey: typed.emailKey ?? account?.emailKey ?? null,
    tenantId: account?.tenantId ?? null,
  };
}

async function recoveryLink(
  tx: Transaction,
  step: Step<'links' | 'publicUrl'>,
  order: Order,
  to: Recipient,
) {
  if (order.intent !== 'recovery') return undefined;
  const token = await step.parts.links.issueLink(tx, {
    purpose: 'recovery',
    tenantId: to.tenantId ?? order.tenantId,
    accountId: to.accountId,
    emailKey: to.emailKey ?? '',
  });
  return to.known && to.isOne ? `${step.parts.publicUrl}/recover?token=${token}` : undefined;
}

/** Where nothing can be recovered, or the address is another account's, the mail holds no code. */
function mailFor(
  purpose: CodePurpose,
  known: boolean,
  frame: MailFrame,
  { code, link }: { code: string; link?: string },
): Mail {
  const params = { ...frame, code, minutes: codeLimits.minutes, purpose, link };
  switch (purpose) {
    case 'recovery':
      return known
        ? { template: 'recovery', params }
        : { template: 'unknown-address-at-sign-in', params: { ...params, code: undefined } };
    case 'email-change':
      return known
        ? { template: 'known-address-at-email-change', params: frame }
        : { template: 'code', params };
    case 'sign-up':
      return { template: known ? 'known-address-at-sign-up' : 'code', params };
    default:
      return { template: known ? 'code' : 'unknown-address-at-sign-in', params };
  }
}
