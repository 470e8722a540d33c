import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { addressKey, type RateLimits } from '../http/rate-limits.ts';
import { requestContext } from '../http/request-context.ts';

/** Where clients prove that they are themselves, or bring what only they can have. */
const routes = new Set([
  ...['token', 'introspection', 'revocation'],
  ...['pushed_authorization_request', 'device_authorization'],
]);
const budget = { name: 'client-requests/network', limit: 300, seconds: 900 };

/** Part of what is right: a device asks until its person is done, and a proof needs its nonce. */
const expected = new Set(['authorization_pending', 'slow_down', 'use_dpop_nonce']);

/**
 * Failures are counted by network, and beyond the budget they are all answered alike. What succeeds is
 * never refused, as others behind the same address are innocent; and a client that proved itself is not
 * counted at all, as all its people's requests come from one address.
 */
export function limitFailures(provider: Provider, rateLimits: RateLimits): void {
  provider.use(async (ctx, next) => {
    await next();
    const failed = ctx as unknown as KoaContextWithOIDC & { body: { error?: string } };
    const address = requestContext()?.address;
    if (!address || !isCounted(failed)) return;
    const limit = await rateLimits.take([{ ...budget, key: addressKey(address) }]);
    if (limit.allowed) return;
    const seconds = Math.ceil((limit.retryAt.getTime() - Date.now()) / 1000);
    ctx.status = 429;
    ctx.set('retry-after', String(Math.max(1, seconds)));
    ctx.body = {
      error: 'temporarily_unavailable',
      error_description: 'too many requests from this network have failed',
    };
  });
}

function isCounted({ oidc, status, body }: KoaContextWithOIDC & { body: { error?: string } }) {
  if (!routes.has(oidc?.route) || status < 400 || status >= 500) return false;
  if (expected.has(body?.error ?? '')) return false;
  const method = oidc.client?.tokenEndpointAuthMethod ?? 'none';
  return method === 'none' || body?.error === 'invalid_client';
}
