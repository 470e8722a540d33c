import type { Context } from 'koa';
import { z } from 'zod';
import type { Way } from '../../../views/registry.ts';
import { parseEmail } from '../../accounts/email-address.ts';
import { AppError } from '../../errors.ts';
import type { Connector } from '../../federation/connector.ts';
import { newSecrets } from '../../federation/requests.ts';
import { readForm, validate } from '../../http/forms.ts';
import { addressKey } from '../../http/rate-limits.ts';
import { oldProof } from '../../oidc/policy.ts';
import type { Needs } from '../needs.ts';
import { homeRealmOf } from './home-realm.ts';
import { chooseTenant, touchSignIn } from './sign-ins.store.ts';
import type { Step } from './step.ts';
import { isProblem, problemUrl, recordFailure } from './upstream-problem.ts';

const inputForm = z.object({ input: z.string().max(320).default('') });

/** The ways besides email that can be chosen here, in the tenant's order. */
export async function waysOf(step: Step<'connectors'>): Promise<Way[]> {
  const { parts, tenant, ctx } = step;
  const last = ctx.cookies.get(parts.cookies.lastWay);
  return (await parts.connectors.offered(tenant)).map(({ id, name }) => ({
    id,
    name,
    url: step.url(`with/${id}`),
    lastUsed: id === last,
  }));
}

/** A way was chosen. One that wants something typed first, such as a handle, asks for it. */
export async function chooseWay(
  step: Step<'connectors' | 'log' | 'publicUrl' | 'rateLimits' | 'upstreamRequests'>,
): Promise<void> {
  const connector = await wayOf(step);
  try {
    return await leaveFor(step, connector);
  } catch (error) {
    if (!wantsInput(error)) return sayWhy(step, connector, error);
    return showInput(step, connector, { value: '' });
  }
}

export async function submitInput(
  step: Step<'connectors' | 'log' | 'publicUrl' | 'rateLimits' | 'upstreamRequests'>,
): Promise<void> {
  const connector = await wayOf(step);
  const { input } = validate(inputForm, await readForm(step.ctx));
  try {
    return await leaveFor(step, connector, input);
  } catch (error) {
    if (!isProblem(error)) throw error;
    await recordFailedBegin(step, connector, error);
    return showInput(step, connector, { value: input, problem: error.code });
  }
}

async function leaveFor(
  step: Step<'publicUrl' | 'rateLimits' | 'upstreamRequests'>,
  connector: Connector,
  input?: string,
): Promise<void> {
  const { parts, signIn, details } = step;
  await limitDepartures(parts, step.ctx, signIn.browser);
  await touchSignIn(parts.database, signIn.id);
  const secrets = newSecrets();
  const url = await connector.begin({
    ...secrets,
    redirectUri: callbackUri(step, connector.id),
    loginHint: connector.emailDomains ? (signIn.email ?? loginHintOf(step)) : loginHintOf(step),
    uiLocales: step.locale,
    prompt: promptOf(details),
    input,
  });
  await parts.upstreamRequests.keep(
    parts.database,
    {
      browser: signIn.browser,
      signInId: signIn.id,
      tenantId: step.tenant?.id ?? null,
      connection: connector.id,
      purpose: 'sign-in',
      accountId: null,
      returnTo: step.url(),
    },
    secrets,
  );
  step.redirect(url.href);
}

/**
 * Each may make us call a server that somebody names.
 *
 * @throws AppError `rate_limited` (429)
 */
export async function limitDepartures(
  { rateLimits }: Needs<'rateLimits'>,
  { ip }: Context,
  browser: string,
): Promise<void> {
  const limit = await rateLimits.take([
    { name: 'upstream/browser', key: browser, limit: 60, seconds: 900 },
    { name: 'upstream/network', key: addressKey(ip), limit: 600, seconds: 900, first: true },
  ]);
  if (!limit.allowed) throw new AppError('rate_limited');
}

/** @throws AppError `not_found` (404) for a way that is not offered here */
async function wayOf({ parts, tenant, ctx }: Step<'connectors'>): Promise<Connector> {
  const connector = await parts.connectors.find(tenant, String(ctx.params.connection));
  if (!connector) throw new AppError('not_found');
  return connector;
}

/** One callback for each connection, so that no answer can be taken for another's (RFC 9700 §4.4). */
export function callbackUri({ parts }: { parts: Needs<'publicUrl'> }, connection: string): string {
  return `${parts.publicUrl}/callback/${connection}`;
}

function showInput(
  step: Step,
  { id, name }: Connector,
  { value, problem }: { value: string; problem?: string },
): void {
  step.show(
    'upstream-input',
    {
      action: step.url(`with/${id}`),
      id,
      name,
      value,
      errors: problem ? { input: { code: problem } } : {},
      backUrl: step.url('sign-in'),
    },
    problem ? 422 : 200,
    // The form ends at whatever server the person names.
    { formTarget: 'anywhere' },
  );
}

/** Back to the page of ways, which says what went wrong. */
async function sayWhy(step: Step<'log'>, connector: Connector, error: unknown): Promise<void> {
  if (!isProblem(error)) throw error;
  await recordFailedBegin(step, connector, error);
  step.redirect(problemUrl(step.url(), connector.id, error));
}

function recordFailedBegin({ parts, tenant }: Step<'log'>, { id }: Connector, error: AppError) {
  const about = { connection: id, tenantId: tenant?.id ?? null };
  return recordFailure(parts, about, error);
}

function wantsInput(error: unknown): boolean {
  return error instanceof AppError && error.code === 'bluesky_handle_required';
}

/**
 * Where the application asked to go straight to: by `upstream`, or by a hint that only one way can
 * have meant. Once: whoever comes back sees the page.
 */
export async function hintedWay(step: Step<'connectors'>): Promise<string | undefined> {
  const { upstream } = step.details.params;
  if (step.ctx.query.problem !== undefined || step.signIn.upstreamSealed) return undefined;
  const hint = loginHintOf(step) ?? '';
  const named = typeof upstream === 'string' ? upstream : impliedBy(hint);
  if (!named) return homeOf(step, hint);
  return (await step.parts.connectors.find(step.tenant, named)) && step.url(`with/${named}`);
}

/** An address whose domain belongs to a tenant's own provider. */
async function homeOf(step: Step<'connectors'>, hint: string): Promise<string | undefined> {
  const home = parseEmail(hint) && (await homeRealmOf(step, hint));
  if (!home) return undefined;
  if (!step.tenant) await chooseTenant(step.parts.database, step.signIn.id, home.tenant.id);
  return step.url(`with/${home.connector.id}`);
}

/** A DID, or a handle as the AT Protocol writes it, is nobody's here. */
function impliedBy(hint: string): string | undefined {
  return /^(did:|at:\/\/)/.test(hint) ? 'bluesky' : undefined;
}

function loginHintOf({ details }: Step): string | undefined {
  const hint = details.params.login_hint;
  return typeof hint === 'string' && hint ? hint.slice(0, 320) : undefined;
}

const proveAgain = new Set(['login_prompt', 'max_age', oldProof]);

/** Whoever must prove themselves again must do so there; whoever is signed in may want to be another. */
function promptOf({ prompt, session }: Step['details']): string | undefined {
  if (prompt.reasons.some((reason) => proveAgain.has(reason))) return 'login';
  return session?.accountId ? 'select_account' : undefined;
}
