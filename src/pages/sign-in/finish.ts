import { recordSignIn } from '../../accounts/accounts.store.ts';
import { KnownBrowsers } from '../../accounts/known-browsers.ts';
import { notify } from '../../accounts/notices.ts';
import { record } from '../../audit/events.ts';
import type { Transaction } from '../../database/database.ts';
import { RememberedBrowsers } from '../../factors/remembered-browsers.ts';
import type { UpstreamIdentity } from '../../federation/connector.ts';
import { clearCookie, setCookie } from '../../http/cookies.ts';
import { forget } from '../../http/request-cache.ts';
import { currentSessionId } from '../../oidc/parked-sessions.ts';
import { factsOf, type Proofs } from '../../oidc/proofs.ts';
import type { Subject } from '../../oidc/subjects.store.ts';
import { sessionFacts } from '../../oidc/upstream-sessions.ts';
import { noteProof } from '../account/merge/proof.ts';
import { welcomeProved } from './guest.ts';
import { agreedLink, linkAgreed } from './link-agreed.ts';
import { endSignIn } from './sign-ins.store.ts';
import type { Step } from './step.ts';

export type FinishOptions = {
  remember?: boolean;
  /** By whose word, for the method `fed`. */
  upstream?: UpstreamIdentity;
  /** Whether the person puts off what the tenant will want only later. */
  laterSetUp?: boolean;
  /** Whether this browser needs no second step for a while. */
  rememberBrowser?: boolean;
  /** Whether the person made the account just now, or is told of it by another mail. */
  expected?: boolean;
};

/** How long the way used last is shown first, in seconds. */
const lastWaySeconds = 400 * 24 * 3600;

/** Ends the login of an interaction as this account. Only `proved` decides that it may end. */
export async function finishSignIn(
  step: Step<'connectors' | 'outside' | 'publicUrl' | 'ring'>,
  subject: Subject,
  proofs: Proofs,
  {
    remember = step.signIn.remember,
    upstream,
    expected = false,
    rememberBrowser,
  }: FinishOptions = {},
): Promise<void> {
  const { parts, client, signIn } = step;
  const { id: accountId } = subject;
  const method = proofs.map((proof) => proof.method).join('+');
  const link = await agreedLink(step, subject);
  const asks = await parts.database.transaction(async (tx) => {
    await recordSignIn(tx, accountId);
    await meetBrowser(tx, step, subject, { expected });
    if (link) await linkAgreed(tx, step, subject, link);
    const asks = await welcomeProved(tx, step, accountId);
    await noteProof(tx, step, accountId);
    // Linking has forgotten all browsers.
    if (link) await meetBrowser(tx, step, subject, { expected: true });
    if (rememberBrowser) {
      await new RememberedBrowsers(parts.fingerprints).remember(tx, signIn.browser, accountId);
    }
    await endSignIn(tx, signIn.id);
    await record(tx, {
      action: 'account.signed_in',
      actor: accountId,
      tenantId: subject.tenantId,
      target: accountId,
      clientId: client.id,
      detail: upstream ? { method, connection: upstream.connection } : { method },
    });
    return asks;
  });
  if (link) await leaveEndedSession(step);
  rememberWay(step, upstream?.connection);
  const stays = remember || (await isRemembered(step, accountId));
  await leaveOtherSession(step, accountId);
  await answer(step, {
    // The library hands the login on to what it asks next: answering that is no newer proof.
    login: { accountId, remember: stays, ...factsOf(proofs) },
    // Whoever signed in has also answered these prompts.
    create: {},
    select_account: {},
    // See `askAboutMemberships`.
    ...(asks ? { memberships: 'waiting' } : undefined),
    ...(upstream ? sessionFacts(upstream) : undefined),
  });
}

/** After so many browsers within a day the mails would only bury what else is told. */
const mostToldOf = 10;

/** Remembers the browser, and tells the account's person of one that is new to it. */
async function meetBrowser(
  tx: Transaction,
  { parts, signIn }: Step<'outside'>,
  subject: Subject,
  { expected }: { expected: boolean },
): Promise<void> {
  const browsers = new KnownBrowsers(parts.fingerprints);
  const { isNew, others } = await browsers.rememberBrowser(tx, signIn.browser, subject.id);
  if (!isNew || expected || others >= mostToldOf) return;
  await notify(tx, subject, { template: 'new-sign-in' }, parts.outside);
}

/** Who only proves themselves again was asked the first time whether to stay signed in. */
async function isRemembered({ details, ctx, parts }: Step, accountId: string): Promise<boolean> {
  if (details.session?.accountId !== accountId) return false;
  const id = currentSessionId(ctx, parts);
  const session = id ? await parts.current.provider.Session.find(id) : undefined;
  return session?.accountId === accountId && !session.transient;
}

/** The session that this interaction came with is gone, or left: it is not the one to come back with. */
export async function leaveEndedSession({ details }: Step): Promise<void> {
  details.session = undefined;
  await details.persist();
}

function rememberWay({ ctx, parts }: Step, connection: string | undefined): void {
  const { lastWay } = parts.cookies;
  const secure = parts.secureCookies;
  if (connection) setCookie(ctx, lastWay, connection, { secure, maxAgeSeconds: lastWaySeconds });
  else if (ctx.cookies.get(lastWay)) clearCookie(ctx, lastWay, { secure });
}

/**
 * What the account lacked is there, by whoever is signed in: the provider looks at it again. This is
 * no sign-in, so nothing was proved by it.
 */
export async function goOnAsSignedIn(step: Step): Promise<void> {
  forget('Subject', step.details.session?.accountId ?? '');
  await endSignIn(step.parts.database, step.signIn.id);
  return answer(step, {});
}

/** Ends a sign-in that is weaker than its client insists on: nobody is signed in by it. */
export async function endUnmet(step: Step): Promise<void> {
  await endSignIn(step.parts.database, step.signIn.id);
  return answer(step, { error: 'unmet_authentication_requirements' });
}

/** Gives the interaction's result to the provider and sends the browser back to it. */
export async function answer(step: Step, result: Record<string, unknown>): Promise<void> {
  const { ctx, parts } = step;
  const returnTo = await parts.current.provider.interactionResult(ctx.req, ctx.res, result, {
    mergeWithLastSubmission: !('login' in result),
  });
  step.redirect(returnTo);
}

/**
 * An interaction belongs to the session that it started with, but whoever finishes it as somebody
 * else gets a session of their own: see `parkOtherSessions`.
 */
async function leaveOtherSession({ details }: Step, accountId: string): Promise<void> {
  if (!details.session?.accountId || details.session.accountId === accountId) return;
  details.session = undefined;
  await details.persist();
}
