import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { keepOpener } from '../http/security-headers.ts';

/** Where a sign-in begins, and where it comes back to the client: neither asks a person anything. */
const onTheWay = new Set(['authorization', 'resume']);

/** See `keepOpener`. What else the provider shows, such as devices and signing out, stays strict. */
export function keepOpeners(provider: Provider): void {
  provider.use(async (ctx, next) => {
    await next();
    const { oidc } = ctx as unknown as KoaContextWithOIDC;
    if (onTheWay.has(oidc?.route)) keepOpener(ctx);
  });
}
