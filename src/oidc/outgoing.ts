import type { Configuration } from 'oidc-provider';
import { AppError } from '../errors.ts';

type Fetch = NonNullable<Configuration['fetch']>;

/**
 * The provider calls nobody but the configured Synapse, and nothing of it but the back-channel
 * logout, whatever URL a client's record holds. The library's guard against private addresses is
 * left out for exactly that origin: a homeserver usually has one.
 */
export function onlySynapse(synapseUrl: string | undefined): Fetch {
  const allowed = synapseUrl ? new URL(synapseUrl).origin : undefined;
  return async (url, options) => {
    if (!allowed || new URL(url).origin !== allowed) {
      throw new AppError('outgoing_request_refused', {
        status: 500,
        message: `Only SYNAPSE_URL may be called, not ${new URL(url).origin}`,
      });
    }
    const { dispatcher: _guard, ...rest } = options as RequestInit & { dispatcher?: unknown };
    return fetch(url, { ...rest, redirect: 'manual' });
  };
}
