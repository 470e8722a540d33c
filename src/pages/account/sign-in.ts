import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import { accountClientId } from '../../clients/own-clients.ts';
import { AppError } from '../../errors.ts';
import { withoutCookie } from '../../http/cookies.ts';
import { type BrowserParts, browserOf } from '../../oidc/browser.ts';

/** Where a sign-in may lead back to. */
const destinations = [
  '/account',
  '/account/email',
  '/account/password',
  '/account/ways',
  '/account/two-step',
  '/account/passkeys',
  '/account/delete',
  '/account?notice=data_ready',
] as const;

export type Destination = (typeof destinations)[number];

export type SignInParts = BrowserParts & { publicUrl: string };

/**
 * Sends a person through a sign-in and back. The account page is an application like any other
 * here, so tenants, chooser and prompts work as they do everywhere.
 *
 * @param options `proveAgain` is the handle of whoever is signed in and must prove it once more;
 *   `signUp` begins with a new account rather than an existing one
 */
export function sendToSignIn(
  ctx: Context,
  parts: SignInParts,
  to: Destination,
  options: { tenant?: string; proveAgain?: string; signUp?: boolean } = {},
): void {
  const { tenant, proveAgain: hint, signUp } = options;
  const prompt = hint ? 'login' : signUp ? 'create' : undefined;
  ctx.status = 303;
  ctx.redirect(signInUrl(parts, { state: stateFor(ctx, parts, to), tenant, prompt, hint }));
}

/** An authorization request of the account page; `state` says what for. */
export function signInUrl(
  { publicUrl }: Pick<SignInParts, 'publicUrl'>,
  request: { state: string; tenant?: string; prompt?: 'login' | 'create'; hint?: string },
): string {
  const { state, tenant, prompt, hint } = request;
  const query = new URLSearchParams({
    client_id: accountClientId,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: `${publicUrl}/account/signed-in`,
    state,
    // A challenge of which nobody has the verifier: the code can never be redeemed.
    code_challenge: randomBytes(32).toString('base64url'),
    code_challenge_method: 'S256',
  });
  if (tenant) query.set('tenant', tenant);
  if (prompt) query.set('prompt', prompt);
  if (hint) query.set('login_hint', hint);
  return `/oidc/auth?${query}`;
}

/**
 * The end of that way. What counts is the provider's session; the code is not looked at.
 *
 * @throws AppError `sign_in_expired` when this browser did not start it, `invalid_request` for an
 *   error of the provider
 */
export function comeBack(ctx: Context, parts: SignInParts): void {
  const { state, error } = ctx.query;
  const to = destinations.find((path) => stateFor(ctx, parts, path) === state);
  if (!to) throw withoutCookie(ctx, 'sign_in_expired');
  if (error !== undefined && error !== 'access_denied') throw new AppError('invalid_request');
  ctx.status = 303;
  ctx.redirect(error === undefined ? to : '/');
}

/** Says where to go back to, and is worth nothing in another browser. */
function stateFor(ctx: Context, parts: SignInParts, to: Destination): string {
  const bound = JSON.stringify([browserOf(ctx, parts), to]);
  return parts.fingerprints.of('account sign-in', bound);
}
