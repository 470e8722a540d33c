import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Client } from '../clients/clients.store.ts';
import type { ClientDirectory } from '../clients/directory.ts';
import { scopesByApi } from '../clients/scopes.ts';

type ResourceIndicators = NonNullable<Configuration['features']>['resourceIndicators'];

const grantType = 'client_credentials';

/**
 * The resource servers are our own APIs (RFC 8707). Only operator-made clients get tokens for them,
 * only by `client_credentials`, for one at a time, with scopes they were given and no others.
 */
export function apiAudiences({
  clients,
  publicUrl,
}: {
  clients: ClientDirectory;
  publicUrl: string;
}) {
  return {
    enabled: true,
    defaultResource: (ctx) =>
      ctx.oidc.params?.grant_type === grantType
        ? `${publicUrl}${apiOf(ctx)}`
        : (undefined as never),
    useGrantedResource: () => false,
    async getResourceServerInfo(ctx, resource, client) {
      const record = await clients.find(client.clientId);
      const api = [...scopesByApi].find(([path]) => resource === `${publicUrl}${path}`);
      if (!api || ctx.oidc.params?.grant_type !== grantType || !record) {
        throw new errors.InvalidTarget();
      }
      const scope = grantedScopes(ctx, record, api[1]);
      // The library would hand out a token without any scope when none was asked for.
      ctx.oidc.params.scope = scope;
      return { scope, audience: resource, accessTokenFormat: 'opaque' as const };
    },
  } satisfies ResourceIndicators;
}

/** Which API a request without `resource` means: that of the first scope it asks for. */
function apiOf(ctx: KoaContextWithOIDC): string {
  const [first = ''] = scopesAsked(ctx) ?? [];
  const known = [...scopesByApi].find(([, scopes]) => scopes.has(first));
  return known?.[0] ?? '/internal';
}

function scopesAsked({ oidc }: KoaContextWithOIDC): string[] | undefined {
  const wanted = oidc.params?.scope;
  return typeof wanted === 'string' ? wanted.split(' ') : undefined;
}

/**
 * RFC 6749 §3.3: all that the client was given when it asks for nothing in particular.
 *
 * @throws InvalidScope for more than that, which the library would silently leave out
 */
function grantedScopes(
  ctx: KoaContextWithOIDC,
  { grantTypes, scopes }: Client,
  ofApi: ReadonlyMap<string, string>,
): string {
  const given = grantTypes.includes(grantType) ? scopes.filter((scope) => ofApi.has(scope)) : [];
  const asked = scopesAsked(ctx) ?? given;
  const beyond = asked.filter((scope) => !given.includes(scope));
  if (beyond.length > 0 || asked.length === 0) {
    throw new errors.InvalidScope('not a scope of this client', beyond.join(' '));
  }
  return asked.join(' ');
}
