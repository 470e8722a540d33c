import type { Context } from 'koa';
import type { Layout, Pages as PageContexts, PageName } from '../../views/registry.ts';
import type { CookieNames } from '../http/cookies.ts';
import { negotiateLanguage } from '../http/language.ts';
import { availableLanguages, languageName } from '../http/messages.ts';
import { renderPage } from '../http/render.ts';
import { requestContext } from '../http/request-context.ts';
import type { Tenant } from './tenant.entity.ts';

export type PageOptions = {
  tenant: Tenant;
  application?: Layout['application'];
  /** `ui_locales` of the request, if it had any (OIDC Core 3.1.2.1). */
  uiLocales?: string;
  status?: number;
  owner?: Layout['owner'];
};

/** Shows pages in the tenant's brand and the person's language. */
export class Pages {
  readonly #cookies: CookieNames;

  constructor(cookies: CookieNames) {
    this.#cookies = cookies;
  }

  show<Name extends PageName>(
    ctx: Context,
    name: Name,
    page: PageContexts[Name],
    options: PageOptions,
  ): void {
    const language = this.language(ctx, options.tenant, options.uiLocales);
    ctx.status = options.status ?? 200;
    ctx.type = 'html';
    ctx.set('cache-control', 'no-store');
    ctx.set('content-language', language);
    ctx.vary('accept-language');
    ctx.body = renderPage(name, this.#layout(ctx, language, options), page);
  }

  language(ctx: Context, tenant: Tenant, uiLocales?: string): string {
    return negotiateLanguage(
      {
        cookie: ctx.cookies.get(this.#cookies.language),
        uiLocales,
        acceptLanguage: ctx.get('accept-language'),
      },
      offeredLanguages(tenant),
    );
  }

  #layout(ctx: Context, lang: string, { tenant, application, owner }: PageOptions): Layout {
    return {
      lang,
      brand: brandOf(tenant),
      application,
      footer: {
        privacyUrl: tenant.terms?.privacyUrl ?? tenant.branding.links?.privacy,
        termsUrl: tenant.terms?.termsUrl ?? tenant.branding.links?.terms,
        languages: offeredLanguages(tenant).map((code) => ({
          lang: code,
          name: languageName(code),
          url: languageUrl(ctx, code),
          current: code === lang,
        })),
      },
      owner,
      requestId: requestContext()?.requestId ?? '',
    };
  }
}

export function brandOf(tenant: Tenant): Layout['brand'] {
  const name = tenant.branding.name ?? tenant.name;
  return {
    name,
    logoUrl: tenant.branding.logoUrl,
    initial: [...name][0]?.toUpperCase() ?? '•',
    stylesheet: `/brand/${tenant.id}.${tenant.updatedAt.getTime().toString(36)}.css`,
    url: tenant.branding.links?.home,
  };
}

function offeredLanguages(tenant: Tenant): readonly string[] {
  const offered = tenant.languages.filter((lang) => availableLanguages.includes(lang));
  return offered.length > 0 ? offered : availableLanguages;
}

/**
 * The same page, asked for in another language; the answer keeps the choice in a cookie. Only a query,
 * as a path such as `//evil.example` would be read as a host.
 */
function languageUrl(ctx: Context, lang: string): string {
  const query = new URLSearchParams(ctx.querystring);
  query.set('lang', lang);
  return `?${query}`;
}
