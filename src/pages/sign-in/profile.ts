import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { checkHandle, suggestHandles } from '../../handles/availability.ts';
import { readForm, validate } from '../../http/forms.ts';
import { addressKey } from '../../http/rate-limits.ts';
import { displayName } from '../../text/display-name.ts';
import type { Finishing } from '../needs.ts';
import { holderOfTyped, keptFor } from './kept-handle.ts';
import { type Person, personOf } from './person.ts';
import { continueAsExisting, registerAccount, setUpHandle } from './register.ts';
import type { Step } from './step.ts';

const form = z.object({
  name: z
    .string()
    .max(200)
    .default('')
    .transform((typed) => displayName(typed)),
  handle: z.string().max(100).default(''),
  suggestion: z.string().max(100).optional(),
  terms: z.string().max(100).optional(),
});

type Errors = Record<string, { code: string }>;
type Shown = {
  name?: string;
  handle?: string;
  errors?: Errors;
  suggestions?: readonly string[];
  available?: boolean;
  termsAccepted?: boolean;
};

/** What suits the person: the name elsewhere first, without the domain that some have behind it. */
function ideasOf({ upstream, email, name }: Person) {
  const hint = upstream?.handleHint;
  const wanted = upstream?.connection === 'bluesky' ? hint?.split('.')[0] : hint;
  return { name, email: email || upstream?.email, wanted };
}

export async function showProfile(
  step: Step<'handlePolicy' | 'ring' | 'serverName'>,
  shown: Shown = {},
): Promise<void> {
  const person = await personOf(step);
  if (!person) return step.redirect(step.url());
  const errors = shown.errors ?? {};
  const { parts } = step;
  const suggestions = shown.suggestions ?? (await suggestionsFor(step, person, shown.name));
  step.show(
    'profile',
    {
      action: step.url('profile'),
      name: shown.name ?? person.name,
      handle: shown.handle ?? suggestions[0] ?? '',
      serverName: parts.serverName,
      errors,
      suggestions,
      availabilityUrl: step.url('availability'),
      available: shown.available ?? (shown.handle === undefined && suggestions.length > 0),
      terms:
        person.accountId || !person.tenant.terms
          ? undefined
          : { ...person.tenant.terms, accepted: shown.termsAccepted },
      cancelUrl: step.details.params.redirect_uri ? step.url('cancel') : undefined,
    },
    Object.keys(errors).length > 0 ? 422 : 200,
  );
}

/** What an invitation keeps for them comes first. */
async function suggestionsFor(
  step: Step<'handlePolicy'>,
  person: Person,
  name?: string,
): Promise<string[]> {
  const { database, handlePolicy } = step.parts;
  const ideas = { ...ideasOf(person), name: name || person.name };
  const kept = await keptFor(step, person);
  const others = await suggestHandles(database, handlePolicy, ideas);
  return kept ? [kept, ...others] : others;
}

export async function submitProfile(
  step: Step<Finishing | 'handlePolicy' | 'serverName'>,
): Promise<void> {
  const person = await personOf(step);
  if (!person) return step.redirect(step.url());
  const fields = validate(form, await readForm(step.ctx));
  if (fields.suggestion !== undefined) {
    return showProfile(step, {
      name: fields.name,
      handle: fields.suggestion,
      termsAccepted: fields.terms !== undefined,
    });
  }
  const errors: Errors = {};
  if (!fields.name) errors.name = { code: 'name_required' };
  const terms = person.accountId ? null : person.tenant.terms;
  if (terms && fields.terms !== terms.version) errors.terms = { code: 'terms_required' };
  const check = await checkHandle(step.parts.database, fields.handle, step.parts.handlePolicy, {
    name: fields.name,
    email: person.email,
    heldBy: await holderOfTyped(step, person, fields.handle),
  });
  if (!check.available) {
    // Taken by themselves perhaps, in another tab.
    if (!person.accountId && (await continueAsExisting(step, person))) return;
    errors.handle = { code: check.reason ?? 'taken' };
  }
  const shown = {
    name: fields.name,
    handle: fields.handle,
    suggestions: check.suggestions,
    termsAccepted: fields.terms !== undefined,
  };
  if (Object.keys(errors).length > 0) {
    return showProfile(step, { ...shown, available: check.available, errors });
  }
  const order = { name: fields.name, handle: check.handle, termsVersion: terms?.version };
  const outcome = person.accountId
    ? await setUpHandle(step, person, { ...order, accountId: person.accountId })
    : await registerAccount(step, person, order);
  if (outcome === 'done') return;
  const code = outcome === 'taken' ? 'taken' : 'provisioning_unavailable';
  const field = outcome === 'taken' ? 'handle' : 'form';
  const suggestions = await suggestHandles(step.parts.database, step.parts.handlePolicy, {
    name: fields.name,
    email: person.email,
    wanted: check.handle,
  });
  return showProfile(step, { ...shown, suggestions, errors: { [field]: { code } } });
}

/** The live answer while typing, for whoever is in the middle of choosing. */
export async function answerAvailability(
  step: Step<'handlePolicy' | 'rateLimits' | 'ring' | 'serverName'>,
): Promise<void> {
  const { ctx, parts, signIn } = step;
  const person = await personOf(step);
  if (!person) throw new AppError('sign_in_expired', { status: 403 });
  const limit = await parts.rateLimits.take([
    { name: 'availability/browser', key: signIn.browser, limit: 300, seconds: 900 },
    { name: 'availability/network', key: addressKey(ctx.ip), limit: 1500, seconds: 900 },
  ]);
  if (!limit.allowed) {
    throw new AppError('too_many_attempts', { details: { retryAt: limit.retryAt.toISOString() } });
  }
  const typed = String(ctx.query.handle ?? '').slice(0, 100);
  const answer = await checkHandle(parts.database, typed, parts.handlePolicy, {
    email: person.email,
    heldBy: await holderOfTyped(step, person, typed),
  });
  ctx.set('cache-control', 'no-store');
  ctx.body = { ...answer, reason: answer.reason ?? null };
}
