import type { Errors } from './registry.ts';

/** Signing in with others. */
export interface UpstreamPages {
  /** Field `input`: a handle, a DID or a server, such as Bluesky's. */
  'upstream-input': {
    action: string;
    id: string;
    name: string;
    value: string;
    errors: Errors;
    backUrl: string;
  };

  /**
   * Field `email`: to be proved by code. Asked of whoever comes from a provider that vouches for
   * none, and of an account that must have one; where it need not, the second button posts `skip=yes`.
   */
  address: {
    action: string;
    value: string;
    errors: Errors;
    required: boolean;
    /** Where the person comes from; always set where the address may be skipped. */
    provider?: string;
    /** Whether the value is only what the provider says. */
    suggested: boolean;
    cancelUrl?: string;
  };
}
