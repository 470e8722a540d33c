import type Router from '@koa/router';
import type { Context } from 'koa';
import { factorsOf } from '../../factors/factors.store.ts';
import { hasSecondFactor } from '../../factors/factors.ts';
import { exactRouter } from '../../http/exact-router.ts';
import { readForm } from '../../http/forms.ts';
import { sameOriginForms } from '../../http/origin.ts';
import { proofSeconds } from '../../oidc/lifetimes.ts';
import { reaches, twoSteps } from '../../oidc/proofs.ts';
import type { Needs, PageDependencies } from '../needs.ts';
import { revokeApplication } from './applications.ts';
import { downloadData } from './data.ts';
import { showDeletion, submitDeletion } from './deletion.ts';
import { showEmail, submitEmail } from './email.ts';
import { resendEmailCode, showEmailCode, submitEmailCode } from './email-code.ts';
import { membershipsPath, showMemberships, submitMemberships } from './memberships.ts';
import { showConfirm, submitConfirm } from './merge/confirm.ts';
import { confirmPath, mergePath, showMerge, submitMerge } from './merge/pages.ts';
import { comeBackFromProof } from './merge/return.ts';
import { showAccount, submitName } from './overview.ts';
import {
  answerPasskeyOptions,
  passkeyOptionsPath,
  passkeyPath,
  passkeysPath,
  showPasskey,
  showPasskeys,
  submitPasskey,
  submitPasskeyChange,
} from './passkeys.ts';
import { showPassword, submitPassword } from './password.ts';
import { type Person, personOf } from './person.ts';
import { endOneSession, endOtherSessions } from './sessions.ts';
import { comeBack, type Destination, sendToSignIn } from './sign-in.ts';
import {
  appPath,
  showApp,
  showTwoStep,
  submitApp,
  submitTwoStep,
  twoStepPath,
} from './two-step.ts';
import { Visit } from './visit.ts';
import { showWays, submitWays } from './ways.ts';

type Page = {
  get?: (visit: Visit<keyof PageDependencies>) => Promise<void>;
  post?: (visit: Visit<keyof PageDependencies>) => Promise<void>;
};

const pages: Record<string, Page> = {
  '/account': { get: (visit) => showAccount(visit) },
  '/account/profile': { post: submitName },
  '/account/email/code': { get: (visit) => showEmailCode(visit), post: submitEmailCode },
  '/account/email/resend': { post: resendEmailCode },
  '/account/sessions/end': { post: endOneSession },
  '/account/sessions/end-all': { post: endOtherSessions },
  '/account/applications/revoke': { post: revokeApplication },
  [mergePath]: { get: showMerge, post: submitMerge },
  [confirmPath]: { get: showConfirm, post: submitConfirm },
  [membershipsPath]: { get: showMemberships, post: submitMemberships },
  '/account/sign-out': { post: signOut },
};

/**
 * Pages that want a proof of the last minutes, so that a browser left open is not enough, and where
 * the proof leads: a download leaves no page to look at.
 */
const provenPages: Record<string, Page & { to: Destination }> = {
  '/account/email': {
    ...{ get: (visit) => showEmail(visit), post: submitEmail },
    to: '/account/email',
  },
  '/account/password': {
    ...{ get: (visit) => showPassword(visit), post: submitPassword },
    to: '/account/password',
  },
  '/account/ways': {
    ...{ get: (visit) => showWays(visit), post: submitWays },
    to: '/account/ways',
  },
  [twoStepPath]: { get: showTwoStep, post: submitTwoStep, to: twoStepPath },
  [appPath]: { get: (visit) => showApp(visit), post: submitApp, to: twoStepPath },
  [passkeysPath]: {
    ...{ get: (visit) => showPasskeys(visit), post: submitPasskey },
    to: passkeysPath,
  },
  [passkeyOptionsPath]: { post: answerPasskeyOptions, to: passkeysPath },
  [passkeyPath]: {
    ...{ get: (visit) => showPasskey(visit), post: submitPasskeyChange },
    to: passkeysPath,
  },
  '/account/delete': {
    ...{ get: (visit) => showDeletion(visit), post: submitDeletion },
    to: '/account/delete',
  },
  '/account/data': { get: downloadData, to: '/account?notice=data_ready' },
};

/** `/account` and below: each page is one URL for the page and for its form. */
export function accountRoutes(parts: PageDependencies, origin: { port: number }): Router {
  const router = exactRouter();
  const assertSameOrigin = sameOriginForms({ publicUrl: parts.publicUrl, port: origin.port });
  const serve = (path: string, { get, post }: Page, to: Destination, proven = false) => {
    const act = (page: NonNullable<Page['get']>) => async (ctx: Context) => {
      assertSameOrigin(ctx);
      const person = await personOf(ctx, parts);
      if (!person || isElsewhere(ctx, person)) {
        return sendToSignIn(ctx, parts, to, { tenant: namedTenant(ctx) });
      }
      const visit = new Visit(ctx, parts, person);
      if (ctx.method === 'POST' && (await visit.isOfSomebodyElse())) return visit.showSwitched();
      if (proven && !(await hasProof(parts, person))) {
        const { account } = person;
        return sendToSignIn(ctx, parts, to, {
          tenant: account.tenantId,
          proveAgain: account.handle,
        });
      }
      return page(visit);
    };
    // Whoever reloads the answer to a form is led back to where the form was.
    router.get(path, act(get ?? (async (visit) => visit.redirect('/account'))));
    if (post) router.post(path, act(post));
  };
  router.get('/account/signed-in', async (ctx) => {
    if (!(await comeBackFromProof(ctx, parts))) comeBack(ctx, parts);
  });
  for (const [path, page] of Object.entries(pages)) serve(path, page, '/account');
  for (const [path, page] of Object.entries(provenPages)) serve(path, page, page.to, true);
  return router;
}

/** That a browser is remembered is no proof of now: whoever has a second factor has used it. */
async function hasProof(
  { database }: Needs<'database'>,
  { account, session }: Person,
): Promise<boolean> {
  if (session.loginTs <= Date.now() / 1000 - proofSeconds) return false;
  return reaches(session.acr, twoSteps) || !hasSecondFactor(await factorsOf(database, account.id));
}

/** Being signed in at one community never answers for another. */
function isElsewhere(ctx: Context, { tenant }: Person): boolean {
  const named = namedTenant(ctx);
  return named !== undefined && named !== tenant.slug;
}

/** As a tenant's own host adds it when it leads here. */
function namedTenant({ query }: Context): string | undefined {
  return typeof query.tenant === 'string' && query.tenant ? query.tenant : undefined;
}

/** The provider asks once more, ends the session, and tells the applications of it. */
async function signOut(visit: Visit): Promise<void> {
  await readForm(visit.ctx);
  return visit.redirect('/oidc/session/end');
}
