import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Client } from '../clients/clients.store.ts';
import type { ClientDirectory } from '../clients/directory.ts';
import { internalScopes } from '../clients/scopes.ts';

type ResourceIndicators = NonNullable<Configuration['features']>['resourceIndicators'];

const grantType = 'client_credentials';

/** What a token for the internal API is made out to. */
export function internalAudienceOf(publicUrl: string): string {
  return `${publicUrl}/internal`;
}

/**
 * The one resource server is our own `/internal` (RFC 8707). Only operator-made clients get tokens
 * for it, only by `client_credentials`, with scopes they were given and no others.
 */
export function internalAudience({
  clients,
  publicUrl,
}: {
  clients: ClientDirectory;
  publicUrl: string;
}) {
  const audience = internalAudienceOf(publicUrl);
  return {
    enabled: true,
    defaultResource: (ctx) =>
      ctx.oidc.params?.grant_type === grantType ? audience : (undefined as never),
    useGrantedResource: () => false,
    async getResourceServerInfo(ctx, resource, client) {
      const record = await clients.find(client.clientId);
      if (resource !== audience || ctx.oidc.params?.grant_type !== grantType || !record) {
        throw new errors.InvalidTarget();
      }
      const scope = grantedScopes(ctx, record);
      // The library would hand out a token without any scope when none was asked for.
      ctx.oidc.params.scope = scope;
      return { scope, audience, accessTokenFormat: 'opaque' as const };
    },
  } satisfies ResourceIndicators;
}

/**
 * RFC 6749 §3.3: all that the client was given when it asks for nothing in particular.
 *
 * @throws InvalidScope for more than that, which the library would silently leave out
 */
function grantedScopes(ctx: KoaContextWithOIDC, { grantTypes, scopes }: Client): string {
  const given = grantTypes.includes(grantType)
    ? scopes.filter((scope) => internalScopes.has(scope))
    : [];
  const wanted = ctx.oidc.params?.scope;
  const asked = typeof wanted === 'string' ? wanted.split(' ') : given;
  const beyond = asked.filter((scope) => !given.includes(scope));
  if (beyond.length > 0 || asked.length === 0) {
    throw new errors.InvalidScope('not a scope of this client', beyond.join(' '));
  }
  return asked.join(' ');
}
