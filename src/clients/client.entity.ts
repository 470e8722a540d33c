import { EntitySchema } from 'typeorm';

/** An application that may ask for sign-ins or tokens. */
export type Client = {
  id: string;
  name: string;
  secretHash: string | null;
  tokenEndpointAuthMethod: AuthMethod;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  grantTypes: string[];
  /** Scopes it may ask for; for `client_credentials` those of `/internal`. */
  scopes: string[];
  jwks: { keys: object[] } | null;
  /** Ours: no consent page. */
  firstParty: boolean;
  pkceRequired: boolean;
  /** It may only send people here with a request that it has pushed before (RFC 9126). */
  requirePushedAuthorizationRequests: boolean;
  /** It gets tokens only that are bound to a key of its own (RFC 9449). */
  dpopBoundAccessTokens: boolean;
  /** The `acr` that each sign-in to it has to reach, whatever its requests ask for. */
  acr: string | null;
  idTokenSignedResponseAlg: 'RS256' | 'ES256';
  backchannelLogoutUri: string | null;
  /** `idp_id` of the Synapse provider block that uses this client; null for other applications. */
  idpId: string | null;
  clientUri: string | null;
  logoUri: string | null;
  /** Origins of a platform's own pages, from which its browsers bring hand-off tickets. */
  handoffOrigins: string[];
  /** Beginnings of the addresses at which a hand-off to this client may end. */
  handoffTargets: string[];
  allTenants: boolean;
  /** Ids of the tenants it serves, unless it serves all. */
  tenantIds: string[];
  disabledAt: Date | null;
};

export type AuthMethod = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none';

/** What is in its own row. */
export type ClientRow = Omit<Client, 'tenantIds'> & { createdAt: Date; updatedAt: Date };

export const clientEntity = new EntitySchema<ClientRow>({
  name: 'Client',
  tableName: 'clients',
  columns: {
    id: { type: 'text', primary: true },
    name: { type: 'text' },
    secretHash: { type: 'text', nullable: true, name: 'secret_hash' },
    tokenEndpointAuthMethod: { type: 'text', name: 'token_endpoint_auth_method' },
    redirectUris: { type: 'text', array: true, name: 'redirect_uris' },
    postLogoutRedirectUris: { type: 'text', array: true, name: 'post_logout_redirect_uris' },
    grantTypes: { type: 'text', array: true, name: 'grant_types' },
    scopes: { type: 'text', array: true },
    jwks: { type: 'jsonb', nullable: true },
    firstParty: { type: 'boolean', name: 'first_party' },
    pkceRequired: { type: 'boolean', name: 'pkce_required' },
    requirePushedAuthorizationRequests: {
      type: 'boolean',
      name: 'require_pushed_authorization_requests',
    },
    dpopBoundAccessTokens: { type: 'boolean', name: 'dpop_bound_access_tokens' },
    acr: { type: 'text', nullable: true },
    idTokenSignedResponseAlg: { type: 'text', name: 'id_token_signed_response_alg' },
    backchannelLogoutUri: { type: 'text', nullable: true, name: 'backchannel_logout_uri' },
    idpId: { type: 'text', nullable: true, name: 'idp_id' },
    clientUri: { type: 'text', nullable: true, name: 'client_uri' },
    logoUri: { type: 'text', nullable: true, name: 'logo_uri' },
    handoffOrigins: { type: 'text', array: true, name: 'handoff_origins' },
    handoffTargets: { type: 'text', array: true, name: 'handoff_targets' },
    allTenants: { type: 'boolean', name: 'all_tenants' },
    disabledAt: { type: 'timestamptz', nullable: true, name: 'disabled_at' },
    createdAt: { type: 'timestamptz', name: 'created_at', createDate: true, select: false },
    updatedAt: { type: 'timestamptz', name: 'updated_at', updateDate: true, select: false },
  },
});
