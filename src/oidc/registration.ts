import type { Context } from 'koa';
import { errors } from 'oidc-provider';

/** Clients are added by the operator; both ways by which they could add themselves are off. */
export const selfRegistration = {
  registration: { enabled: false },
  clientIdMetadataDocument: { enabled: false },
} as const;

export const registrationPath = '/reg';

/** Where RFC 7591 would be answered if it were on, so that programs need not guess from a 404. */
export function refuseRegistration(ctx: Context): void {
  ctx.status = 403;
  ctx.set('cache-control', 'no-store');
  ctx.body = {
    error: 'registration_not_supported',
    error_description: 'Clients are not registered here by themselves: the operator adds them.',
  };
}

/**
 * A client id that is an address names a document about the client. Nobody calls it.
 *
 * @throws InvalidClient
 */
export function refuseMetadataDocument(clientId: string): void {
  if (URL.parse(clientId)?.protocol !== 'https:') return;
  throw new errors.InvalidClient('client-ID metadata documents are not enabled here');
}
