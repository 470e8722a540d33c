import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { allowFormsTo } from '../http/security-headers.ts';

/**
 * Pages of the provider whose form ends at an application, be it by a redirect (signing out) or at
 * once (`response_mode=form_post`), must name it, or Chromium refuses to send the form.
 */
export function allowFormsToApplications(provider: Provider): void {
  provider.use(async (ctx, next) => {
    await next();
    const target = URL.parse(String(checkedTarget(ctx as unknown as KoaContextWithOIDC)));
    if (target) allowFormsTo(ctx, target.origin === 'null' ? target.protocol : target.origin);
  });
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
