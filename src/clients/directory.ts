import type { AdapterPayload } from 'oidc-provider';
import type { Queryable } from '../database/database.ts';
import { type Client, findClient } from './clients.store.ts';
import { apiScopes } from './scopes.ts';

/**
 * How long a client's metadata may be reused, in ms. Whether it is disabled, and whom it serves, is
 * read anew with every session and token (see artifacts.store.ts), so this delays no revocation.
 */
const reuseFor = 2000;

/** Clients by id, read from the database at most once in two seconds each. */
export class ClientDirectory {
  readonly #db: Queryable;
  readonly #recent = new Map<string, { client: Client; readAt: number }>();

  constructor(db: Queryable) {
    this.#db = db;
  }

  async find(id: string): Promise<Client | undefined> {
    // Such an id comes from a request, and PostgreSQL cannot even be asked for it.
    if (id.includes('\u0000')) return undefined;
    const recent = this.#recent.get(id);
    if (recent && Date.now() - recent.readAt < reuseFor) return recent.client;
    const client = await findClient(this.#db, id);
    if (!client || client.disabledAt) {
      this.#recent.delete(id);
      return undefined;
    }
    this.#recent.set(id, { client, readAt: Date.now() });
    return client;
  }
}

/** Whether an account of this tenant may sign in to the client. */
export function serves(client: Client, tenantId: string): boolean {
  return client.allTenants || client.tenantIds.includes(tenantId);
}

/**
 * OpenID Connect client metadata. The secret's HMAC stands where the library expects the secret:
 * it is only ever compared by our `compareClientSecret`.
 */
export function clientMetadata(client: Client): AdapterPayload {
  const code = client.grantTypes.includes('authorization_code');
  return {
    client_id: client.id,
    client_name: client.name,
    ...(client.secretHash ? { client_secret: client.secretHash } : undefined),
    ...(client.jwks ? { jwks: client.jwks } : undefined),
    ...(client.clientUri ? { client_uri: client.clientUri } : undefined),
    ...(client.logoUri ? { logo_uri: client.logoUri } : undefined),
    token_endpoint_auth_method: client.tokenEndpointAuthMethod,
    redirect_uris: client.redirectUris,
    post_logout_redirect_uris: client.postLogoutRedirectUris,
    application_type: isNative(client) ? 'native' : 'web',
    grant_types: client.grantTypes,
    response_types: code ? ['code'] : [],
    scope: signInScopes(client),
    id_token_signed_response_alg: client.idTokenSignedResponseAlg,
    pkce_required: client.pkceRequired,
    require_pushed_authorization_requests: client.requirePushedAuthorizationRequests,
    dpop_bound_access_tokens: client.dpopBoundAccessTokens,
    ...(client.backchannelLogoutUri
      ? {
          backchannel_logout_uri: client.backchannelLogoutUri,
          // Without it the ID token has no `sid`, and Synapse ignores a logout without one.
          backchannel_logout_session_required: true,
        }
      : undefined),
  } as AdapterPayload;
}

/**
 * The library knows scopes of sign-ins only, and takes a client without any for one that may ask for
 * all of them. Those of our APIs come with their audiences.
 */
function signInScopes({ scopes }: Client): string {
  return scopes.filter((scope) => !apiScopes.has(scope)).join(' ') || 'openid';
}

/** RFC 8252: a public client that comes back to a loopback port or a scheme of its own. */
function isNative(client: Client): boolean {
  return (
    client.tokenEndpointAuthMethod === 'none' &&
    client.redirectUris.some((uri) => !uri.startsWith('https:'))
  );
}
