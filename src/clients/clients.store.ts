import type { QueryDeepPartialEntity } from 'typeorm';
import { columnsOf } from '../database/columns.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { type Client, type ClientRow, clientEntity } from './client.entity.ts';

export type { AuthMethod, Client } from './client.entity.ts';

/** Of `clients c`. */
export const clientColumns = `${columnsOf(clientEntity, 'c')},
  coalesce((select array_agg(ct.tenant_id::text) from client_tenants ct where ct.client_id = c.id),
    '{}') as "tenantIds"`;

export async function findClient(db: Queryable, id: string): Promise<Client | undefined> {
  const [row] = await db.query<Client>(`select ${clientColumns} from clients c where c.id = $1`, [
    id,
  ]);
  return row;
}

/** As it is now, and nobody changes it before this transaction ends. */
export async function lockClient(tx: Transaction, id: string): Promise<Client | undefined> {
  const [row] = await tx.query<Client>(
    `select ${clientColumns} from clients c where c.id = $1 for update of c`,
    [id],
  );
  return row;
}

export function listClients(db: Queryable): Promise<Client[]> {
  return db.query<Client>(`select ${clientColumns} from clients c order by c.created_at, c.id`);
}

/** @returns false when the id is taken */
export async function insertClient(db: Queryable, client: Client): Promise<boolean> {
  const rows = await db.query(
    `insert into clients (id, name, secret_hash, token_endpoint_auth_method, redirect_uris,
      post_logout_redirect_uris, grant_types, scopes, jwks, first_party, pkce_required,
      id_token_signed_response_alg, backchannel_logout_uri, idp_id, client_uri, logo_uri,
      all_tenants, handoff_origins, handoff_targets, require_pushed_authorization_requests,
      dpop_bound_access_tokens, acr)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
      $18, $19, $20, $21, $22)
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
      client.acr,
    ],
  );
  if (rows.length === 0) return false;
  await bindToTenants(db, client.id, client.tenantIds);
  return true;
}

async function bindToTenants(db: Queryable, clientId: string, tenantIds: string[]) {
  await db.query(
    `insert into client_tenants (client_id, tenant_id)
      select $1, unnest($2::uuid[]) on conflict do nothing`,
    [clientId, tenantIds],
  );
}

export function setSecretHash(tx: Transaction, id: string, secretHash: string) {
  return change(tx, id, { secretHash });
}

export function setRedirectUris(tx: Transaction, id: string, redirectUris: string[]) {
  return change(tx, id, { redirectUris });
}

export function setHandoffOrigins(tx: Transaction, id: string, handoffOrigins: string[]) {
  return change(tx, id, { handoffOrigins });
}

export function setHandoffTargets(tx: Transaction, id: string, handoffTargets: string[]) {
  return change(tx, id, { handoffTargets });
}

/** What it must do beyond others, its keys, and where it is told of sign-outs. */
export async function setRequirements(
  tx: Transaction,
  client: Pick<
    Client,
    | 'id'
    | 'jwks'
    | 'requirePushedAuthorizationRequests'
    | 'dpopBoundAccessTokens'
    | 'acr'
    | 'backchannelLogoutUri'
    | 'postLogoutRedirectUris'
  >,
): Promise<void> {
  await change(tx, client.id, {
    jwks: client.jwks,
    requirePushedAuthorizationRequests: client.requirePushedAuthorizationRequests,
    dpopBoundAccessTokens: client.dpopBoundAccessTokens,
    acr: client.acr,
    backchannelLogoutUri: client.backchannelLogoutUri,
    postLogoutRedirectUris: client.postLogoutRedirectUris,
  });
}

/** Where a homeserver that uses this client is reached by browsers and by us. */
export function setUris(
  tx: Transaction,
  id: string,
  uris: { redirectUris: string[]; backchannelLogoutUri: string | null },
) {
  return change(tx, id, uris);
}

/** A disabled client's tokens stop working at once; enabling it again revives them. */
export function setDisabled(tx: Transaction, id: string, disabled: boolean) {
  return change(tx, id, { disabledAt: disabled ? () => 'now()' : null });
}

/** @returns false where there is no such client */
async function change(
  tx: Transaction,
  id: string,
  changes: QueryDeepPartialEntity<ClientRow>,
): Promise<boolean> {
  const { affected } = await tx.manager.getRepository(clientEntity).update(id, changes);
  return affected === 1;
}

/** With all its sessions' grants and tokens: nothing of them may serve a later client of that id. */
export async function removeClient(db: Queryable, id: string): Promise<boolean> {
  const rows = await db.query('delete from clients where id = $1 returning id', [id]);
  await db.query('delete from oidc_artifacts where client_id = $1', [id]);
  return rows.length === 1;
}
