import type Router from '@koa/router';
import type { Context } from 'koa';
import { AppError } from '../../errors.ts';
import { exactRouter } from '../../http/exact-router.ts';
import { sameOriginForms } from '../../http/origin.ts';
import { endingPath, isEnding } from '../../oidc/endings.ts';
import { handedOverPath } from '../../oidc/isolated-session.ts';
import { showHandedOver } from '../handoff/sign-in.ts';
import type { PageDependencies } from '../needs.ts';
import { addUpstreamLogout } from '../upstream-logout.ts';
import { showAddress, submitAddress } from './address.ts';
import { showAccounts, submitAccount } from './choose-account.ts';
import { resendCode, showCode, submitCode } from './code.ts';
import { showCommunities, submitCommunity } from './community.ts';
import { showPassword, submitPassword } from './confirm-password.ts';
import { cancel, showConsent, submitConsent } from './consent.ts';
import { showLost, submitLost } from './lost-factors.ts';
import { showMemberships, submitMemberships } from './memberships.ts';
import { answerPasskeyOptions, submitPasskey } from './passkey.ts';
import { answerAvailability, showProfile, submitProfile } from './profile.ts';
import { showNewPassword, showRecovery, submitNewPassword, submitRecovery } from './recovery.ts';
import { showRequest } from './request-to-join.ts';
import {
  showRecoveryCode,
  showSecondStep,
  submitRecoveryCode,
  submitSecondStep,
} from './second-step.ts';
import { showSetUp, submitSetUp } from './set-up.ts';
import { showSignIn, submitSignIn } from './sign-in.ts';
import { showSignUp, submitSignUp } from './sign-up.ts';
import { loadStep, type Step } from './step.ts';
import { isSwitched, showSwitched } from './switched.ts';
import { chooseWay, hintedWay, submitInput } from './upstream.ts';
import { showArrival } from './upstream-arrival.ts';
import { addCallback } from './upstream-callback.ts';
import { showLink, submitLink } from './upstream-link.ts';

/** To whom each page's own needs are given. */
type AnyStep = Step<keyof PageDependencies>;

type Page = { get?: (step: AnyStep) => Promise<void>; post?: (step: AnyStep) => Promise<void> };

/** Pages of the login itself; they exist only while the provider wants somebody to sign in. */
const loginPages: Record<string, Page> = {
  'sign-in': { get: (step) => showSignIn(step, { somebodyElse: true }), post: submitSignIn },
  'sign-up': { get: (step) => showSignUp(step), post: submitSignUp },
  community: { get: showCommunities, post: submitCommunity },
  passkey: { get: async (step) => step.redirect(step.url('sign-in')), post: submitPasskey },
  'passkey/options': { post: answerPasskeyOptions },
  password: { get: (step) => showPassword(step), post: submitPassword },
  recovery: { get: (step) => showRecovery(step), post: submitRecovery },
  'second-step': { get: showSecondStep, post: submitSecondStep },
  'recovery-code': { get: showRecoveryCode, post: submitRecoveryCode },
  lost: { get: showLost, post: submitLost },
  'set-up': { get: (step) => showSetUp(step), post: submitSetUp },
  'with/:connection': { get: chooseWay, post: submitInput },
  arrived: { get: showArrival },
  request: { get: showRequest },
  link: { get: showLink, post: submitLink },
  [handedOverPath]: { get: showHandedOver },
  'new-password': { get: (step) => showNewPassword(step), post: submitNewPassword },
};

/** Those of the login by which an account that exists may also be asked for its address. */
const addressPages: Record<string, Page> = {
  email: { get: (step) => showAddress(step), post: submitAddress },
  code: { get: (step) => showCode(step), post: submitCode },
  resend: { get: async (step) => step.redirect(step.url('code')), post: resendCode },
};

const otherPages: Record<string, Page> = {
  profile: { get: (step) => showProfile(step), post: submitProfile },
  availability: { get: answerAvailability },
  accounts: { get: showAccounts, post: submitAccount },
  memberships: { get: showMemberships, post: submitMemberships },
  consent: { get: showConsent, post: submitConsent },
  cancel: { get: cancel, post: cancel },
};

const loginPrompts = new Set(['login', 'create', 'select_account']);

/** `/interaction/:uid` and its steps: each is one URL for the page and for its form. */
export function interactionRoutes(parts: PageDependencies, origin: { port: number }): Router {
  const router = exactRouter();
  const assertSameOrigin = sameOriginForms({ publicUrl: parts.publicUrl, port: origin.port });
  router.get('/interaction/:uid', async (ctx) => run(await load(ctx, parts), showCurrent));
  router.post('/interaction/:uid', async (ctx) => {
    assertSameOrigin(ctx);
    await run(assertLogin(await load(ctx, parts)), submitSignIn);
  });
  const pages = { ...loginPages, ...addressPages, ...otherPages };
  for (const [name, { get, post }] of Object.entries(pages)) {
    const guard = guardOf(name);
    if (get) {
      router.get(`/interaction/:uid/${name}`, async (ctx) =>
        run(guard(await load(ctx, parts)), get),
      );
    }
    if (post) {
      router.post(`/interaction/:uid/${name}`, async (ctx) => {
        assertSameOrigin(ctx);
        await run(guard(await load(ctx, parts)), post);
      });
    }
  }
  addCallback(router, parts);
  addUpstreamLogout(router, parts);
  return router;
}

/** Where one turns back, or to another account: whoever is signed in now. */
const forAnybody: ReadonlySet<unknown> = new Set([showAccounts, submitAccount, cancel]);

/** What ends a sign-in is told in its community's colours, with the way back to the application. */
async function run(step: AnyStep, page: (step: AnyStep) => Promise<void>): Promise<void> {
  try {
    if (!forAnybody.has(page) && (await isSwitched(step))) return await showSwitched(step);
    await page(step);
  } catch (error) {
    if (!(error instanceof AppError) || !isEnding(error.code)) throw error;
    const back = step.details.params.redirect_uri;
    step.show(
      'error',
      {
        code: error.code,
        status: error.status,
        action: back
          ? { label: 'back_to_application', url: step.url(endingPath(error.code)) }
          : { label: 'start_again', url: step.url() },
      },
      error.status,
    );
  }
}

function load(ctx: Context & { params: Record<string, string> }, parts: PageDependencies) {
  return loadStep<keyof PageDependencies>(ctx, ctx.params.uid as string, parts);
}

function guardOf(name: string): (step: AnyStep) => AnyStep {
  if (name in loginPages) return assertLogin;
  if (!(name in addressPages)) return (step) => step;
  return (step) => (step.details.prompt.name === 'email' ? step : assertLogin(step));
}

function assertLogin(step: AnyStep): AnyStep {
  if (!loginPrompts.has(step.details.prompt.name)) throw new AppError('sign_in_expired');
  return step;
}

/** What the provider asks for now. */
async function showCurrent(step: AnyStep): Promise<void> {
  if (step.signIn.accountId) return step.redirect(step.url('password'));
  const straight = loginPrompts.has(step.details.prompt.name) && (await hintedWay(step));
  if (straight) return step.redirect(straight);
  switch (step.details.prompt.name) {
    case 'create':
      return step.redirect(step.url('sign-up') + step.ctx.search);
    case 'select_account':
      return showAccounts(step);
    case 'handle':
      return showProfile(step);
    case 'email':
      return showAddress(step);
    case 'memberships':
      return showMemberships(step);
    case 'consent':
      return showConsent(step);
    case 'matrix_access':
      throw new AppError('matrix_access_revoked');
    default:
      return showSignIn(step);
  }
}
