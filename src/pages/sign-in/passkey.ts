import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { endWait } from '../../factors/lost-factors.ts';
import {
  askForPasskey,
  type PasskeySignIn,
  usePasskey,
} from '../../factors/passkey-authentication.ts';
import { readAuthentication } from '../../factors/passkey-data.ts';
import { type RelyingParty, relyingPartyOf } from '../../factors/relying-party.ts';
import { readForm, validate } from '../../http/forms.ts';
import { addressKey } from '../../http/rate-limits.ts';
import type { Finishing } from '../needs.ts';
import { proved } from './proved.ts';
import { showSignIn } from './sign-in.ts';
import type { Step } from './step.ts';

const form = z.object({
  credential: z.string().max(30_000).default(''),
  remember: z.enum(['yes', 'no']).optional(),
});

/** In answer to the script of the sign-in page: what the browser is to be asked for. */
export async function answerPasskeyOptions(step: Step<'publicUrl' | 'rateLimits'>): Promise<void> {
  const { ctx, parts, signIn } = step;
  const party = partyOf(step);
  const limit = await parts.rateLimits.take([
    { name: 'passkey/browser', key: signIn.browser, limit: 300, seconds: 900 },
    { name: 'passkey/network', key: addressKey(ctx.ip), limit: 3000, seconds: 900 },
  ]);
  if (!limit.allowed) {
    throw new AppError('too_many_attempts', { details: { retryAt: limit.retryAt.toISOString() } });
  }
  ctx.set('cache-control', 'no-store');
  ctx.body = await askForPasskey(parts.database, placeOf(step), party);
}

/** Comes without a credential where the script could not learn what to ask for. */
export async function submitPasskey(step: Step<Finishing>): Promise<void> {
  const party = partyOf(step);
  const { credential, remember } = validate(form, await readForm(step.ctx));
  const answer = readAuthentication(credential);
  const used = answer && (await usePasskey(step.parts.database, placeOf(step), answer, party));
  if (!used) return showSignIn(step, { errors: { form: { code: 'passkey_refused' } } });
  // Whoever has a passkey needs no way round a second step.
  const { accountId, tenantId, method } = used;
  await endWait(step.parts.database, { accountId, tenantId, actor: accountId });
  const options = { remember: remember && remember === 'yes' };
  return proved(step, accountId, method, options);
}

function placeOf({ signIn, fixedTenant, client }: Step): PasskeySignIn {
  return {
    ...{ signInId: signIn.id, browser: signIn.browser, clientId: client.id },
    tenantId: fixedTenant?.id ?? null,
  };
}

function partyOf({ parts }: Step<'publicUrl'>): RelyingParty {
  const party = relyingPartyOf(parts.publicUrl);
  if (!party) throw new AppError('not_found');
  return party;
}
