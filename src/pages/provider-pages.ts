import type { Context } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Database } from '../database/database.ts';
import { bringsCookies } from '../http/cookies.ts';
import type { ProviderPages } from '../oidc/features.ts';
import type { ParkingParts } from '../oidc/parked-sessions.ts';
import { otherAccounts } from '../oidc/sign-out.ts';
import type { Subject } from '../oidc/subjects.store.ts';
import type { Subjects } from '../oidc/subjects.ts';
import type { DefaultBrand } from '../tenants/default-brand.ts';
import type { Pages } from '../tenants/pages.ts';
import type { Tenant } from '../tenants/tenant.entity.ts';
import { tenantById } from '../tenants/tenants.store.ts';

type Parts = ParkingParts & {
  database: Database;
  pages: Pages;
  subjects: Subjects;
  defaultBrand: DefaultBrand;
};

/** The pages that belong to no interaction: signing out, device codes, the provider's own errors. */
export function createProviderPages(parts: Parts): ProviderPages {
  const { database, pages, subjects, defaultBrand } = parts;

  async function subjectOf(ctx: KoaContextWithOIDC) {
    const accountId = ctx.oidc.session?.accountId;
    return accountId ? subjects.find(accountId) : undefined;
  }

  async function brandFor(ctx: KoaContextWithOIDC): Promise<Tenant> {
    const subject = await subjectOf(ctx);
    const own = subject && (await tenantById(database, subject.tenantId));
    return own ?? defaultBrand.tenant();
  }

  const applicationOf = (ctx: KoaContextWithOIDC) => {
    const name = ctx.oidc.client?.clientName;
    return name ? { name } : undefined;
  };

  async function badgeOf(ctx: KoaContextWithOIDC) {
    const subject = await subjectOf(ctx);
    return subject && badge(subject);
  }

  const secretOf = (ctx: KoaContextWithOIDC) =>
    (ctx.oidc.session?.state as { secret: string } | undefined)?.secret ?? '';

  async function deviceDone(ctx: KoaContextWithOIDC, success: boolean): Promise<void> {
    pages.show(
      ctx as unknown as Context,
      'device-done',
      { success },
      { tenant: await brandFor(ctx) },
    );
  }

  return {
    async error(ctx, out, error) {
      const expired = error.name === 'SessionNotFound' || isOfNoSession(ctx, error);
      const lost = bringsCookies(ctx as unknown as Context) ? 'sign_in_expired' : 'cookies_off';
      pages.show(
        ctx as unknown as Context,
        'error',
        {
          code: expired ? lost : out.error,
          status: ctx.status,
          detail: expired ? undefined : out.error_description,
          action: ctx.status === 503 ? tryAgain(ctx) : undefined,
        },
        { tenant: await brandFor(ctx).catch(() => defaultBrand.tenant()), status: ctx.status },
      );
    },

    async signOut(ctx) {
      pages.show(
        ctx as unknown as Context,
        'sign-out',
        {
          action: '/oidc/session/end/confirm',
          hidden: { xsrf: secretOf(ctx) },
          application: applicationOf(ctx),
          account: await badgeOf(ctx),
          others: (await otherAccounts(ctx, parts)).map(badge),
          cancelUrl: wayBack(ctx) ?? '/',
        },
        { tenant: await brandFor(ctx) },
      );
    },

    async signedOut(ctx) {
      const application = applicationOf(ctx);
      pages.show(
        ctx as unknown as Context,
        'signed-out',
        { application, url: ctx.oidc.client?.clientUri },
        { tenant: await brandFor(ctx) },
      );
    },

    async device(ctx, error) {
      if (error && isStopped(ctx, error)) return deviceDone(ctx, false);
      const typed = (error as { userCode?: string } | undefined)?.userCode ?? '';
      pages.show(
        ctx as unknown as Context,
        'device',
        {
          action: '/oidc/device',
          userCode: typed,
          hidden: { xsrf: secretOf(ctx) },
          errors: error ? { user_code: { code: deviceProblem(error) } } : {},
        },
        { tenant: await brandFor(ctx), status: error ? 422 : 200 },
      );
    },

    async confirmDevice(ctx, userCode) {
      pages.show(
        ctx as unknown as Context,
        'device-confirm',
        {
          action: '/oidc/device',
          application: applicationOf(ctx) ?? { name: '' },
          userCode,
          account: await badgeOf(ctx),
          hidden: { xsrf: secretOf(ctx), user_code: userCode, confirm: 'yes' },
        },
        { tenant: await brandFor(ctx) },
      );
    },

    deviceDone: (ctx) => deviceDone(ctx, true),

    async autoSubmit(ctx, { action, hidden }) {
      const context = ctx as unknown as Context;
      const brand = await brandFor(ctx);
      const locales = ctx.oidc.params?.ui_locales;
      const uiLocales = typeof locales === 'string' ? locales : undefined;
      // No other language is offered: what is passed on is there once.
      const tenant = { ...brand, languages: [pages.language(context, brand, uiLocales)] };
      const isAnswer = ctx.oidc.route === 'authorization' || ctx.oidc.route === 'resume';
      const application = isAnswer ? applicationOf(ctx) : undefined;
      pages.show(context, 'auto-submit', { action, hidden, application }, { tenant });
    },
  };
}

function badge({ name, handle, picture }: Subject) {
  return { name, handle: handle ?? '', picture: picture ?? undefined };
}

/** Where the application waits for whoever thinks better of it; the library has checked the address. */
function wayBack({ oidc }: KoaContextWithOIDC): string | undefined {
  const { post_logout_redirect_uri: uri, state } = oidc.params ?? {};
  const url = typeof uri === 'string' ? URL.parse(uri) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return undefined;
  if (typeof state === 'string') url.searchParams.set('state', state);
  return url.href;
}

/** Only what was asked for by an address can be asked for again by one. */
function tryAgain({ method, request }: KoaContextWithOIDC) {
  const { originalUrl } = request.req as { originalUrl?: string };
  if (method !== 'GET' || !originalUrl) return undefined;
  return { label: 'try_again', url: originalUrl };
}

/** By the person, or because of what the request asks: its device is told, and another code won't help. */
function isStopped(ctx: KoaContextWithOIDC, error: Error): boolean {
  return error.name === 'AbortedError' || ctx.oidc.entities.DeviceCode?.error !== undefined;
}

/** The form of a sign-out belongs to a session, which may have ended or been left in another tab. */
function isOfNoSession({ oidc }: KoaContextWithOIDC, error: Error): boolean {
  return oidc?.route === 'end_session_confirm' && error.name === 'InvalidRequest';
}

function deviceProblem(error: Error): string {
  switch (error.name) {
    // The form was of another session.
    case 'InvalidRequest':
      return 'user_code_outdated';
    case 'NoCodeError':
      return 'user_code_required';
    case 'ExpiredError':
      return 'user_code_expired';
    case 'AlreadyUsedError':
      return 'user_code_expired';
    default:
      return 'user_code_wrong';
  }
}
