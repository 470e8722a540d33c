import { AppError } from '../errors.ts';
import { isDisplayName } from '../text/display-name.ts';
import type { Client } from './clients.store.ts';
import { apiScopes, signInScopes } from './scopes.ts';
import {
  checkBackchannelUri,
  checkHandoffOrigin,
  checkHandoffTarget,
  checkRedirectUri,
  checkWebUrl,
} from './uris.ts';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const grants = ['authorization_code', 'refresh_token', 'client_credentials', deviceGrant];

/** The `actor` of an audit row is a client's id or one of these. */
const actors = ['operator', 'system', 'nobody'];

type Asked = {
  secret?: string;
  tenant?: readonly string[];
  allTenants?: boolean;
  synapseUrl?: string;
};

export function needsSecret({ tokenEndpointAuthMethod: method }: Client): boolean {
  return method === 'client_secret_basic' || method === 'client_secret_post';
}

/** @throws AppError that says what does not fit together: `client_invalid`, `client_id_invalid`, … */
export function checkClient(client: Client, asked: Asked): void {
  checkId(client.id);
  checkGrants(client, asked);
  checkAuthentication(client, asked);
  checkRequirements(client);
  for (const uri of client.redirectUris) {
    checkRedirectUri(uri, { isPublic: client.tokenEndpointAuthMethod === 'none' });
  }
  for (const uri of client.postLogoutRedirectUris) {
    checkRedirectUri(uri, { isPublic: client.tokenEndpointAuthMethod === 'none' });
  }
  if (client.backchannelLogoutUri) {
    checkBackchannelUri(client.backchannelLogoutUri, asked.synapseUrl);
  }
  for (const url of [client.clientUri, client.logoUri]) if (url) checkWebUrl(url);
  client.handoffOrigins.forEach(checkHandoffOrigin);
  client.handoffTargets.forEach(checkHandoffTarget);
  if (!isDisplayName(client.name, 60)) {
    throw invalid('--name has 1 to 60 characters, all of which can be seen.');
  }
}

/** A client id can never be a `sub`: those are UUIDs. */
function checkId(id: string): void {
  const isUuid = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(id);
  if (/^[A-Za-z0-9][A-Za-z0-9._~-]{1,99}$/.test(id) && !isUuid && !actors.includes(id)) return;
  throw new AppError('client_id_invalid', {
    message:
      'A client id has 2 to 100 letters, digits, ".", "_", "~" or "-", a letter or digit first, and is no UUID.',
  });
}

function checkGrants(client: Client, { tenant, allTenants }: Asked): void {
  const { grantTypes, scopes } = client;
  const has = (grant: string) => grantTypes.includes(grant);
  const unknown = grantTypes.find((grant) => !grants.includes(grant));
  if (unknown) throw invalid(`--grant ${unknown} is not one of ${grants.join(', ')}.`);
  if (has('authorization_code') !== client.redirectUris.length > 0) {
    throw invalid('--redirect-uri and the grant authorization_code need each other.');
  }
  const forPeople = signsPeopleIn(client);
  if (has('refresh_token') && !forPeople) throw invalid('Nothing would give refresh tokens.');
  if (tenant && allTenants) throw invalid('Give either --tenant or --all-tenants.');
  if (has('client_credentials') && !tenant && !allTenants) {
    throw invalid('With client_credentials, say --tenant or --all-tenants.');
  }
  const ofApis = scopes.filter((scope) => apiScopes.has(scope));
  if (has('client_credentials') !== ofApis.length > 0) {
    const known = [...apiScopes.keys()].join(', ');
    throw invalid(`client_credentials and a --scope of ${known} need each other.`);
  }
  const allowed = [...ofApis, ...(forPeople ? signInScopes : [])];
  const stranger = scopes.find((scope) => !allowed.includes(scope));
  if (stranger) throw invalid(`--scope ${stranger} is not one that this client can use.`);
  if (forPeople && !scopes.includes('openid')) throw invalid('--scope openid is missing.');
}

function signsPeopleIn({ grantTypes }: Client): boolean {
  return grantTypes.includes('authorization_code') || grantTypes.includes(deviceGrant);
}

function checkAuthentication(client: Client, { secret }: Asked): void {
  const method = client.tokenEndpointAuthMethod;
  if (secret !== undefined && !needsSecret(client)) throw invalid(`${method} has no --secret.`);
  if (method === 'none' && client.grantTypes.includes('client_credentials')) {
    throw invalid('client_credentials need a client that can prove that it is itself.');
  }
  if (method === 'none' && !client.pkceRequired) throw invalid('A public client needs PKCE.');
  if (client.idpId === null) return;
  if (!/^[a-z0-9_.~-]{1,200}$/.test(client.idpId)) {
    throw invalid('--idp-id has small letters, digits, ".", "_", "~" or "-".');
  }
  if (method !== 'client_secret_basic') {
    throw invalid('Synapse authenticates by client_secret_basic.');
  }
}

/** What each sign-in to a client can have to reach. */
const demandable: readonly string[] = ['https://refeds.org/profile/mfa'];

/** @throws AppError `client_invalid` for what the client could not do */
export function checkRequirements(client: Client): void {
  const { requirePushedAuthorizationRequests: pushes, dpopBoundAccessTokens: bound } = client;
  const { tokenEndpointAuthMethod: method, acr } = client;
  if (acr !== null && !demandable.includes(acr)) {
    throw invalid(`A client can demand ${demandable.join(' or ')}.`);
  }
  if (acr !== null && !client.grantTypes.some((grant) => grant !== 'client_credentials')) {
    throw invalid('Nobody signs in to it.');
  }
  if (client.idpId !== null && (pushes || bound)) {
    throw invalid('Synapse neither pushes its requests nor binds its tokens to a key.');
  }
  if (pushes && !client.grantTypes.includes('authorization_code')) {
    throw invalid('Only requests of the grant authorization_code can be pushed.');
  }
  if (method === 'private_key_jwt' && !client.jwks) {
    throw invalid('--auth-method private_key_jwt needs --jwks.');
  }
  if (method !== 'private_key_jwt' && client.jwks && !signsPeopleIn(client)) {
    throw invalid('--jwks is for private_key_jwt, and for signed requests to sign in.');
  }
}

/** Public keys only (RFC 7517). @throws AppError `jwks_invalid` */
export function checkedJwks(value: unknown, from = 'It'): { keys: object[] } {
  const problem = (what: string) => new AppError('jwks_invalid', { message: `${from} ${what}.` });
  const { keys } = (value ?? {}) as { keys?: { kty?: string; d?: string }[] };
  if (!Array.isArray(keys) || keys.length === 0) throw problem('has no "keys"');
  if (keys.some((key) => key?.d !== undefined)) throw problem('holds a private key');
  if (!keys.every((key) => ['RSA', 'EC', 'OKP'].includes(key?.kty ?? ''))) {
    throw problem('holds something other than RSA, EC or OKP keys');
  }
  return { keys };
}

function invalid(message: string): AppError {
  return new AppError('client_invalid', { message });
}
