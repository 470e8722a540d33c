import { z } from 'zod';
import { type Identifier, identifierKey, parseIdentifier } from '../../accounts/identifier.ts';
import { signInByPassword } from '../../accounts/password-sign-in.ts';
import { record } from '../../audit/events.ts';
import { serves } from '../../clients/directory.ts';
import { AppError } from '../../errors.ts';
import { readForm, validate } from '../../http/forms.ts';
import { parkedSessions } from '../../oidc/parked-sessions.ts';
import { trimUnseen } from '../../text/unseen.ts';
import { mergingOf } from '../account/merge/proof.ts';
import type { Finishing } from '../needs.ts';
import { invitedTo } from './admission.ts';
import { tooMany } from './code-problems.ts';
import { type HomeRealm, homeRealmOf } from './home-realm.ts';
import { passkeyFormOf } from './passkey-form.ts';
import { proved } from './proved.ts';
import { sendCode } from './send-code.ts';
import { restartSignIn } from './sign-ins.store.ts';
import type { Step } from './step.ts';
import { waysOf } from './upstream.ts';
import { forgetUpstream, linkingOf, upstreamOf } from './upstream-person.ts';
import { problemOf } from './upstream-problem.ts';

const form = z.object({
  email: z.string().max(320).default(''),
  password: z.string().max(1024).default(''),
  with: z.enum(['code']).optional(),
  remember: z.string().optional(),
});

type Errors = Record<string, { code: string; params?: Record<string, string | number> }>;
type Typed = { value: string; remember: boolean };
type Shown = Partial<Typed> & { errors?: Errors; somebodyElse?: boolean; home?: HomeRealm };

/**
 * The sign-in page, with what was typed kept. Whoever must prove themselves again (`prompt=login`,
 * `max_age`) is greeted by name, until they say that they are somebody else.
 */
export async function showSignIn(
  step: Step<'connectors' | 'publicUrl' | 'ring' | 'subjects'>,
  shown: Shown = {},
): Promise<void> {
  const { details, parts, ctx } = step;
  const errors = shown.errors ?? (await problemOf(step)) ?? {};
  if (shown.somebodyElse) await forgetUpstream(step);
  const linking = await linkingOf(step);
  const merging = await mergingOf(step);
  const current = merging ? merging.proves : await currentAccount(step);
  const hint = loginHint(step);
  const expected = shown.value ?? (merging || !(await meansAnother(step, hint)) ? undefined : hint);
  const other = shown.somebodyElse || (expected ?? current?.handle) !== current?.handle;
  const known = other ? undefined : current;
  const otherUrl =
    !merging && parkedSessions(ctx, parts).length > 0 ? step.url('accounts') : undefined;
  step.show(
    'sign-in',
    {
      action: step.url(linking && 'link'),
      value:
        shown.value ?? linking?.email ?? known?.handle ?? (hint === current?.handle ? '' : hint),
      errors,
      ways: linking ? [] : await waysOf(step),
      passkey: linking ? undefined : passkeyFormOf(step),
      signUpUrl: takesNewcomers(step) && !merging ? step.url('sign-up') : undefined,
      recoveryUrl: step.url('recovery'),
      cancelUrl: details.params.redirect_uri ? step.url('cancel') : undefined,
      chooserUrl: linking ? step.url('sign-in') : (otherUrl ?? (known && step.url('sign-in'))),
      remember: shown.remember ?? true,
      knownAs: linking ? undefined : known,
      linking,
      home: shown.home && {
        domain: shown.home.domain,
        name: shown.home.connector.name,
        url: step.url(`with/${shown.home.connector.id}`),
      },
      merging: merging?.wantsOther,
    },
    shown.errors ? 422 : 200,
  );
}

/** Whether the application, or the choice of an account, expects somebody else than who is there. */
async function meansAnother({ details, parts }: Step<'subjects'>, hint: string): Promise<boolean> {
  const accountId = details.session?.accountId;
  const subject = accountId ? await parts.subjects.find(accountId) : undefined;
  return hint !== '' && hint !== subject?.handle && hint !== subject?.email;
}

function takesNewcomers(step: Step<'ring'>): boolean {
  return step.brand.signUp !== 'closed' || invitedTo(step) === step.brand.id;
}

export async function submitSignIn(
  step: Step<Finishing | 'codes' | 'hasher' | 'limits' | 'links' | 'mail'>,
): Promise<void> {
  const fields = validate(form, await readForm(step.ctx));
  const shown = { value: fields.email, remember: fields.remember !== undefined };
  const identifier = parseIdentifier(fields.email);
  if (!identifier) {
    const code = trimUnseen(fields.email) ? 'email_invalid' : 'identifier_required';
    return showSignIn(step, { ...shown, errors: { email: { code } } });
  }
  // Accounts without a password exist, and their owners press the first button too.
  if (fields.with === 'code') return startWithCode(step, identifier, shown);
  if (fields.password === '') {
    if (await leadHome(step, identifier, shown)) return;
    return startWithCode(step, identifier, shown);
  }
  return signInWithPassword(step, identifier, fields.password, shown);
}

/**
 * Shows the provider of the address's own organisation to whoever typed no more than the address. A
 * code or a password is still theirs to choose: the page knows nothing of the account.
 */
async function leadHome(
  step: Step<'connectors' | 'publicUrl' | 'ring' | 'subjects'>,
  { email, emailKey }: Identifier,
  shown: Typed,
) {
  if (!email || !emailKey || upstreamOf(step)?.link) return false;
  const home = await homeRealmOf(step, email);
  if (!home) return false;
  const tenantId = home.tenant.id;
  const order = { intent: 'sign-in' as const, email, emailKey, tenantId, remember: shown.remember };
  await restartSignIn(step.parts.database, step.signIn.id, order);
  await showSignIn(step, { ...shown, home });
  return true;
}

async function startWithCode(
  step: Step<
    'codes' | 'connectors' | 'limits' | 'links' | 'mail' | 'publicUrl' | 'ring' | 'subjects'
  >,
  identifier: Identifier,
  shown: Typed,
) {
  const order = {
    intent: 'sign-in' as const,
    email: identifier.email ?? identifier.handle ?? null,
    emailKey: identifier.emailKey ?? null,
    tenantId: step.fixedTenant?.id ?? null,
    remember: shown.remember,
  };
  const refused = await sendCode(step, order);
  if (refused) return showSignIn(step, { ...shown, errors: { form: refused } });
  const keepsUpstream = upstreamOf(step)?.link?.agreed;
  await restartSignIn(step.parts.database, step.signIn.id, order, { keepsUpstream });
  return step.redirect(step.url('code'));
}

/** One hash, whether the account exists or not; the limits have their say before it is looked up. */
async function signInWithPassword(
  step: Step<Finishing | 'hasher' | 'limits'>,
  identifier: Identifier,
  password: string,
  shown: Typed,
) {
  const { parts, signIn, ctx, client } = step;
  const tenantId = step.fixedTenant?.id ?? null;
  const limit = await parts.limits.password({
    identifier: identifierKey(identifier),
    tenantId,
    browser: signIn.browser,
    address: ctx.ip,
  });
  if (!limit.allowed) {
    return showSignIn(step, { ...shown, errors: { form: tooMany(limit.retryAt) } });
  }
  const { database: db, hasher, fingerprints } = parts;
  const result = await signInByPassword(
    { db, hasher, fingerprints },
    {
      ...{ tenantId, identifier, password, browser: signIn.browser },
      prefers: (id) => serves(client, id),
    },
  );
  if (result.outcome === 'wrong') {
    await recordRefusal(step, 'sign_in_failed');
    return showSignIn(step, { ...shown, errors: { form: { code: 'sign_in_failed' } } });
  }
  const { account } = result.candidate;
  if (result.outcome === 'disabled' || !serves(client, account.tenantId)) {
    await recordRefusal(step, 'account_unavailable');
    throw new AppError('account_unavailable');
  }
  await parts.limits.giveBack(limit);
  return proved(step, account.id, 'pwd', { remember: shown.remember });
}

/** Says nothing of whose account it was: the row is the same for known and unknown. */
async function recordRefusal(step: Step, reason: string): Promise<void> {
  await record(step.parts.database, {
    action: 'account.sign_in_refused',
    actor: 'nobody',
    outcome: 'failure',
    tenantId: step.fixedTenant?.id,
    clientId: step.client.id,
    detail: { method: 'pwd', reason },
  });
}

/** Of this browser's session, where it may be used here. */
async function currentAccount({ details, parts, fixedTenant: tenant }: Step<'subjects'>) {
  const accountId = details.session?.accountId;
  const subject = accountId ? await parts.subjects.find(accountId) : undefined;
  if (!subject?.handle || (tenant && tenant.id !== subject.tenantId)) return undefined;
  return { name: subject.name, handle: subject.handle, picture: subject.picture ?? undefined };
}

function loginHint({ details }: Step): string {
  const hint = details.params.login_hint;
  return typeof hint === 'string' ? hint.slice(0, 320) : '';
}
