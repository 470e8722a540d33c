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
}
