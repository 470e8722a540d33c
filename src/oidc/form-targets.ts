import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Client } from '../clients/clients.store.ts';
import { allowFormsTo } from '../http/security-headers.ts';

/**
 * Where a form may end that leads to an application: where it asked to be answered, and where else it
 * is registered to be, as it may lead a person on from one of its origins to another.
 *
 * @param redirectUri of this request; a device has none
 * @returns sources for `form-action`; undefined for a homeserver, which sends the person on to
 *   whatever Matrix client they use (decision 3)
 */
export function formTargets(
  { idpId, redirectUris }: Pick<Client, 'idpId' | 'redirectUris'>,
  redirectUri: string | undefined,
): string | undefined {
  if (idpId) return undefined;
  if (!redirectUri) return "'self'";
  const sources = [redirectUri, ...redirectUris].map(sourceOf);
  return [...new Set(sources)].filter((source) => source !== undefined).join(' ');
}

/**
 * Pages of the provider whose form ends at an application, be it by a redirect (signing out) or at
 * once (`response_mode=form_post`), must name it, or Chromium refuses to send the form.
 */
export function allowFormsToApplications(provider: Provider): void {
  provider.use(async (ctx, next) => {
    await next();
    const target = sourceOf(String(checkedTarget(ctx as unknown as KoaContextWithOIDC)));
    if (target) allowFormsTo(ctx, target);
  });
}

/** A scheme of an application's own stands for itself. */
function sourceOf(uri: string): string | undefined {
  const url = URL.parse(uri);
  return url?.origin === 'null' ? url.protocol : url?.origin;
}

/** Only an address that the library has found among those of the client. */
function checkedTarget({ oidc, status }: KoaContextWithOIDC): unknown {
  const { route, params } = oidc ?? {};
  if (route === 'end_session') return status === 200 ? params?.post_logout_redirect_uri : undefined;
  const checked = oidc as { redirectUriCheckPerformed?: boolean } | undefined;
  return params?.response_mode === 'form_post' && checked?.redirectUriCheckPerformed
    ? params.redirect_uri
    : undefined;
}
