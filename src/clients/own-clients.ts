import type { Client } from './clients.store.ts';

/** The client of our own account page; it uses the session only, so its code is never redeemed. */
export const accountClientId = 'openmeet_account';
/** The application that `/try` plays. */
export const tryClientId = 'openmeet_try';

/** The client that a homeserver uses unless the operator makes others. */
export const synapseClientId = 'matrix_synapse';

/** Whether a client is a page of ours: its addresses come from the settings. */
export function isOwnPage(id: string): boolean {
  return id === accountClientId || id === tryClientId;
}

/** Whether each start makes a client that is not there. */
export function isBuiltIn(id: string): boolean {
  return isOwnPage(id) || id === synapseClientId;
}

/** What the clients that are part of this program share: public, for everybody. */
const ours = {
  secretHash: null,
  postLogoutRedirectUris: [],
  tokenEndpointAuthMethod: 'none',
  jwks: null,
  pkceRequired: true,
  idTokenSignedResponseAlg: 'RS256',
  requirePushedAuthorizationRequests: false,
  dpopBoundAccessTokens: false,
  acr: null,
  backchannelLogoutUri: null,
  idpId: null,
  clientUri: null,
  logoUri: null,
  handoffOrigins: [],
  handoffTargets: [],
  allTenants: true,
  tenantIds: [],
  disabledAt: null,
} satisfies Partial<Client>;

export function accountClient(publicUrl: string): Client {
  return {
    ...ours,
    id: accountClientId,
    name: 'Account',
    firstParty: true,
    redirectUris: [`${publicUrl}/account/signed-in`],
    grantTypes: ['authorization_code'],
    scopes: ['openid'],
  };
}

/** A stranger to the person, as most applications are, so that consent can be tried too. */
export function tryClient(publicUrl: string): Client {
  return {
    ...ours,
    id: tryClientId,
    name: 'Trial application',
    firstParty: false,
    redirectUris: [`${publicUrl}/try/callback`],
    grantTypes: ['authorization_code', 'refresh_token'],
    scopes: ['openid', 'profile', 'email', 'tenant', 'offline_access'],
  };
}
