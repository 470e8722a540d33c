import { accountById } from '../../accounts/accounts.store.ts';
import { parseEmail } from '../../accounts/email-address.ts';
import { AppError } from '../../errors.ts';
import { readForm } from '../../http/forms.ts';
import type { Finishing } from '../needs.ts';
import { proved } from './proved.ts';
import { showSignIn, submitSignIn } from './sign-in.ts';
import type { Step } from './step.ts';
import { keepFacts, type LinkOffer, upstreamOf } from './upstream-person.ts';

/**
 * The address that another provider vouches for has an account here. Whoever signs in to it, in this
 * sign-in and knowing what for, links the two: the address alone does nothing.
 */
export async function showLink(
  step: Step<'connectors' | 'publicUrl' | 'ring' | 'subjects'>,
): Promise<void> {
  if (!upstreamOf(step)?.link) return step.redirect(step.url());
  return showSignIn(step);
}

export async function submitLink(
  step: Step<Finishing | 'codes' | 'hasher' | 'limits' | 'links' | 'mail'>,
): Promise<void> {
  const facts = upstreamOf(step);
  if (!facts?.link) return step.redirect(step.url());
  const { database, ring } = step.parts;
  const agreed = { ...facts, link: { ...facts.link, agreed: true } };
  const { id } = step.signIn;
  step.signIn.upstreamSealed = await keepFacts(database, ring, id, agreed);
  return agreed.link.proved === undefined ? submitSignIn(step) : finishProved(step, agreed.link);
}

/** The code that proved the address has signed in to its account, if it still has that address. */
async function finishProved(step: Step<Finishing>, link: LinkOffer): Promise<void> {
  const key = parseEmail(link.proved ?? '')?.key;
  const account = await accountById(step.parts.database, link.accountId);
  if (account?.status !== 'active' || account.emailKey !== key) {
    throw new AppError('sign_in_expired');
  }
  await readForm(step.ctx);
  return proved(step, account.id, 'otp');
}
