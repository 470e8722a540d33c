import type { JWK } from 'jose';
import Provider, { type Configuration, type JWKS } from 'oidc-provider';
import type { ClientDirectory } from '../clients/directory.ts';
import { signInScopes } from '../clients/scopes.ts';
import type { Database } from '../database/database.ts';
import { type CookieNames, cookieSigner } from '../http/cookies.ts';
import { availableLanguages } from '../http/messages.ts';
import type { RateLimits } from '../http/rate-limits.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { createAdapter } from './adapter.ts';
import { showAutoSubmitForms } from './auto-submit-forms.ts';
import { queueLogouts } from './backchannel.ts';
import { bindInteractions } from './bound-interactions.ts';
import { claimsByScope, signInClaims } from './claims.ts';
import { checkClientAssertion } from './client-assertion.ts';
import { limitFailures } from './failed-requests.ts';
import { answerFaults } from './faults.ts';
import { createFeatures, type ProviderPages, proofAlgorithms } from './features.ts';
import { allowFormsToApplications } from './form-targets.ts';
import { createLoadExistingGrant } from './grants.ts';
import { acceptEarlierIdTokens } from './id-token-hint.ts';
import { handedOverPath, isIsolated, isolateSessions } from './isolated-session.ts';
import { lifetimes, type SessionLimits } from './lifetimes.ts';
import { keepOpeners } from './opener-policy.ts';
import { parkOtherSessions } from './other-sessions.ts';
import { outgoingFetch } from './outgoing.ts';
import { createPolicy } from './policy.ts';
import { strengths } from './proofs.ts';
import { compareRedirectUris } from './redirect-uris.ts';
import { expectDevices, type MatrixDevices } from './removed-devices.ts';
import { refuseReplays } from './replay.ts';
import { refuseUnsignedRequests, requestAlgorithms } from './request-objects.ts';
import { limitSizes } from './request-sizes.ts';
import { announceStrengths } from './required-sign-in.ts';
import { signOutOthers } from './sign-out.ts';
import { createFindAccount, type Subjects } from './subjects.ts';
import { readSynapseParameters, returnSynapseParameters } from './synapse-parameters.ts';
import { type Tenancy, tenantParameter } from './tenancy.ts';
import { rememberingUpstream } from './upstream-sessions.ts';

export type ProviderParts = {
  database: Database;
  fingerprints: Fingerprints;
  rateLimits: RateLimits;
  ring: KeyRing;
  clients: ClientDirectory;
  subjects: Subjects;
  tenancy: Tenancy;
  pages: ProviderPages;
  issuer: string;
  publicUrl: string;
  cookies: CookieNames;
  sessions: SessionLimits;
  matrixDevices?: MatrixDevices;
  secureCookies: boolean;
  /** The only one whom this provider may call at a private address: the configured Synapse. */
  synapseUrl?: string;
};

/** Private keys that sign or are published, and the public ones of all that ever signed. */
export type ProviderKeys = { signing: JWK[]; verifying: JWK[] };

/**
 * The OpenID provider with these keys. Keys are part of its construction, so a rotation makes a new
 * one; all its state is in the database.
 */
export function createProvider(parts: ProviderParts, keys: ProviderKeys): Provider {
  const provider = new Provider(parts.issuer, {
    ...identity(parts),
    ...protocol(parts),
    ...cookies(parts),
    jwks: { keys: keys.signing } as JWKS,
    features: createFeatures(parts),
  } satisfies Configuration);
  // `fixedOrigin` has replaced host and scheme by those of PUBLIC_URL before the library sees them.
  provider.proxy = true;
  answerFaults(provider, parts.pages);
  compareByFingerprint(provider, parts.fingerprints);
  refuseReplays(provider, parts);
  refuseUnsignedRequests(provider);
  limitFailures(provider, parts.rateLimits);
  queueLogouts(provider, parts.database);
  acceptEarlierIdTokens(provider, keys.verifying);
  announceStrengths(provider);
  compareRedirectUris(provider);
  allowFormsToApplications(provider);
  showAutoSubmitForms(provider, parts.pages);
  isolateSessions(provider, parts.cookies);
  parkOtherSessions(provider, parts);
  signOutOthers(provider, parts);
  expectDevices(provider, parts);
  returnSynapseParameters(provider);
  bindInteractions(provider, parts);
  keepOpeners(provider);
  return provider;
}

function identity(parts: ProviderParts): Configuration {
  return {
    adapter: createAdapter(parts),
    findAccount: createFindAccount(parts.subjects, parts.clients, parts.publicUrl),
    claims: { ...claimsByScope, ...Object.fromEntries(signInClaims.map((claim) => [claim, null])) },
    scopes: [...signInScopes],
    // Synapse reads the ID token, so the claims of the scopes must be in it and not only in userinfo.
    conformIdTokenClaims: false,
    acrValues: [...strengths],
    interactions: {
      policy: createPolicy(parts),
      url: (_ctx, { uid }) => `/interaction/${uid}${isIsolated() ? `/${handedOverPath}` : ''}`,
    },
    loadExistingGrant: rememberingUpstream(parts.database, createLoadExistingGrant(parts)),
    // `upstream` names the way to sign in with others to go straight to. The library calls each check,
    // whether the parameter came or not: the last one looks at all of them together.
    extraParams: {
      ...tenantParameter(parts.tenancy),
      ...readSynapseParameters(parts),
      upstream: limitSizes,
    },
    renderError: (ctx, out, error) => parts.pages.error(ctx, out, error),
    ttl: { ...lifetimes, Session: parts.sessions.idleSeconds },
  };
}

function protocol({ synapseUrl }: ProviderParts): Configuration {
  return {
    responseTypes: ['code'],
    assertJwtClientAuthClaimsAndHeader: checkClientAssertion,
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    extraClientMetadata: { properties: ['pkce_required'] },
    pkce: { required: (_ctx, client) => client.pkce_required !== false },
    enabledJWA: {
      idTokenSigningAlgValues: ['RS256', 'ES256'],
      requestObjectSigningAlgValues: [...requestAlgorithms],
      clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'],
      dPoPSigningAlgValues: proofAlgorithms,
    },
    // A client whose operator allows refreshing gets a refresh token; without offline_access it ends
    // with the browser session.
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    fetch: outgoingFetch(synapseUrl),
    routes: {
      authorization: '/auth',
      userinfo: '/userinfo',
      introspection: '/introspection',
      revocation: '/revocation',
      pushed_authorization_request: '/par',
    },
    discovery: {
      prompt_values_supported: ['none', 'login', 'consent', 'select_account', 'create'],
      ui_locales_supported: availableLanguages,
    },
    allowOmittingSingleRegisteredRedirectUri: false,
    clientBasedCORS: (_ctx, origin, client) =>
      client.redirectUris?.some((uri) => URL.parse(uri)?.origin === origin) ?? false,
  };
}

function cookies({ cookies: names, publicUrl, fingerprints }: ProviderParts): Configuration {
  const secure = publicUrl.startsWith('https:');
  // The library binds these two to a path, which `__Host-` does not allow.
  const prefix = secure ? '__Secure-' : '';
  return {
    cookies: {
      keys: cookieSigner(fingerprints) as unknown as string[],
      names: {
        session: names.session,
        interaction: `${prefix}interaction`,
        resume: `${prefix}resume`,
      },
      long: { httpOnly: true, sameSite: 'lax', secure, signed: true, path: '/' },
      short: { httpOnly: true, sameSite: 'lax', secure, signed: true },
    },
  };
}

/** The database holds an HMAC of each client secret, which stands where the library wants the secret. */
function compareByFingerprint(provider: Provider, fingerprints: Fingerprints): void {
  provider.Client.prototype.compareClientSecret = function compareClientSecret(actual: string) {
    return fingerprints.matches('client-secret', actual, this.clientSecret ?? '');
  };
}
