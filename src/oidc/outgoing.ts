import type { Configuration } from 'oidc-provider';
import { createGuardedFetch } from '../federation/guarded-fetch.ts';

type Fetch = NonNullable<Configuration['fetch']>;

/** Nobody has much to say to a logout. */
const maxBytes = 64 * 1024;

/**
 * Whom the provider calls by itself: the applications that want to know of sign-outs, by https at
 * public addresses only, whatever URL a client's record holds. The one exception is the configured
 * Synapse, as a homeserver usually has a private address. Redirects are not followed.
 */
export function outgoingFetch(synapseUrl: string | undefined): Fetch {
  const synapse = synapseUrl ? new URL(synapseUrl).origin : undefined;
  const guarded = createGuardedFetch({ allowedNetworks: [], maxBytes });
  return async (url, options) => {
    // The library's guard looks at the address after it has connected.
    const { dispatcher: _guard, ...rest } = options as RequestInit & { dispatcher?: unknown };
    const call = new URL(url).origin === synapse ? fetch : guarded;
    return call(url, { ...rest, redirect: 'manual' });
  };
}
