import type { Queryable } from '../database/database.ts';

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

const columns = `c.id, c.name, c.secret_hash as "secretHash",
  c.token_endpoint_auth_method as "tokenEndpointAuthMethod", c.redirect_uris as "redirectUris",
  c.post_logout_redirect_uris as "postLogoutRedirectUris", c.grant_types as "grantTypes", c.scopes,
  c.jwks, c.first_party as "firstParty", c.pkce_required as "pkceRequired",
  c.require_pushed_authorization_requests as "requirePushedAuthorizationRequests",
  c.dpop_bound_access_tokens as "dpopBoundAccessTokens",
  c.id_token_signed_response_alg as "idTokenSignedResponseAlg",
  c.backchannel_logout_uri as "backchannelLogoutUri", c.idp_id as "idpId",
  c.client_uri as "clientUri", c.logo_uri as "logoUri", c.handoff_origins as "handoffOrigins",
  c.handoff_targets as "handoffTargets", c.all_tenants as "allTenants",
  coalesce((select array_agg(ct.tenant_id::text) from client_tenants ct where ct.client_id = c.id),
    '{}') as "tenantIds", c.disabled_at as "disabledAt"`;

export async function findClient(db: Queryable, id: string): Promise<Client | undefined> {
  const [row] = await db.query<Client>(`select ${columns} from clients c where c.id = $1`, [id]);
  return row;
}

export function listClients(db: Queryable): Promise<Client[]> {
  return db.query<Client>(`select ${columns} from clients c order by c.created_at, c.id`);
}

/** @returns false when the id is taken */
export async function insertClient(db: Queryable, client: Client): Promise<boolean> {
  const rows = await db.query(
    `insert into clients (id, name, secret_hash, token_endpoint_auth_method, redirect_uris,
      post_logout_redirect_uris, grant_types, scopes, jwks, first_party, pkce_required,
      id_token_signed_response_alg, backchannel_logout_uri, idp_id, client_uri, logo_uri,
      all_tenants, handoff_origins, handoff_targets, require_pushed_authorization_requests,
      dpop_bound_access_tokens)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
      $18, $19, $20, $21)
    on conflict (id) do nothing returning id`,
    [
      client.id,
      client.name,
      client.secretHash,
      client.tokenEndpointAuthMethod,
      client.redirectUris,
      client.postLogoutRedirectUris,
      client.grantTypes,
      client.scopes,
      client.jwks && JSON.stringify(client.jwks),
      client.firstParty,
      client.pkceRequired,
      client.idTokenSignedResponseAlg,
      client.backchannelLogoutUri,
      client.idpId,
      client.clientUri,
      client.logoUri,
      client.allTenants,
      client.handoffOrigins,
      client.handoffTargets,
      client.requirePushedAuthorizationRequests,
      client.dpopBoundAccessTokens,
    ],
  );
  if (rows.length === 0) return false;
  await bindToTenants(db, client.id, client.tenantIds);
  return true;
}

export async function bindToTenants(db: Queryable, clientId: string, tenantIds: string[]) {
  await db.query(
    `insert into client_tenants (client_id, tenant_id)
      select $1, unnest($2::uuid[]) on conflict do nothing`,
    [clientId, tenantIds],
  );
}

export async function setSecretHash(db: Queryable, id: string, hash: string): Promise<boolean> {
  const rows = await db.query(
    'update clients set secret_hash = $2, updated_at = now() where id = $1 returning id',
    [id, hash],
  );
  return rows.length === 1;
}

export async function setRedirectUris(db: Queryable, id: string, uris: string[]): Promise<boolean> {
  const rows = await db.query(
    'update clients set redirect_uris = $2, updated_at = now() where id = $1 returning id',
    [id, uris],
  );
  return rows.length === 1;
}

export async function setHandoffOrigins(
  db: Queryable,
  id: string,
  origins: string[],
): Promise<boolean> {
  const rows = await db.query(
    'update clients set handoff_origins = $2, updated_at = now() where id = $1 returning id',
    [id, origins],
  );
  return rows.length === 1;
}

export async function setHandoffTargets(
  db: Queryable,
  id: string,
  targets: string[],
): Promise<boolean> {
  const rows = await db.query(
    'update clients set handoff_targets = $2, updated_at = now() where id = $1 returning id',
    [id, targets],
  );
  return rows.length === 1;
}

/** What it must do beyond others, its keys, and where it is told of sign-outs. */
export async function setRequirements(
  db: Queryable,
  client: Pick<
    Client,
    | 'id'
    | 'jwks'
    | 'requirePushedAuthorizationRequests'
    | 'dpopBoundAccessTokens'
    | 'backchannelLogoutUri'
    | 'postLogoutRedirectUris'
  >,
): Promise<void> {
  await db.query(
    `update clients set require_pushed_authorization_requests = $2, dpop_bound_access_tokens = $3,
      backchannel_logout_uri = $4, jwks = $5, post_logout_redirect_uris = $6, updated_at = now() where id = $1`,
    [
      client.id,
      client.requirePushedAuthorizationRequests,
      client.dpopBoundAccessTokens,
      client.backchannelLogoutUri,
      client.jwks && JSON.stringify(client.jwks),
      client.postLogoutRedirectUris,
    ],
  );
}

/** Where a homeserver that uses this client is reached by browsers and by us. */
export async function setUris(
  db: Queryable,
  id: string,
  uris: { redirectUris: string[]; backchannelLogoutUri: string | null },
): Promise<boolean> {
  const rows = await db.query(
    `update clients set redirect_uris = $2, backchannel_logout_uri = $3, updated_at = now()
      where id = $1 returning id`,
    [id, uris.redirectUris, uris.backchannelLogoutUri],
  );
  return rows.length === 1;
}

/** With all its sessions' grants and tokens: nothing of them may serve a later client of that id. */
export async function removeClient(db: Queryable, id: string): Promise<boolean> {
  const rows = await db.query('delete from clients where id = $1 returning id', [id]);
  await db.query('delete from oidc_artifacts where client_id = $1', [id]);
  return rows.length === 1;
}

/** A disabled client's tokens stop working at once; enabling it again revives them. */
export async function setDisabled(db: Queryable, id: string, disabled: boolean): Promise<boolean> {
  const rows = await db.query(
    `update clients set disabled_at = case when $2 then now() end, updated_at = now()
      where id = $1 returning id`,
    [id, disabled],
  );
  return rows.length === 1;
}
