import type {
  ClientCredentials,
  Configuration,
  ErrorOut,
  KoaContextWithOIDC,
  Client as LibraryClient,
} from 'oidc-provider';
import { type ClientDirectory, serves } from '../clients/directory.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { apiAudiences } from './api-audiences.ts';
import type { AutoSubmitForm } from './auto-submit-forms.ts';
import { limitAskedClaims } from './claims.ts';
import { selfRegistration } from './registration.ts';
import { checkRequestObject } from './request-objects.ts';
import type { Subjects } from './subjects.ts';

/** The pages that the library asks for by itself. */
export type ProviderPages = {
  error(ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): Promise<void>;
  signOut(ctx: KoaContextWithOIDC): Promise<void>;
  signedOut(ctx: KoaContextWithOIDC): Promise<void>;
  device(ctx: KoaContextWithOIDC, error?: Error): Promise<void>;
  confirmDevice(ctx: KoaContextWithOIDC, userCode: string): Promise<void>;
  deviceDone(ctx: KoaContextWithOIDC): Promise<void>;
  autoSubmit(ctx: KoaContextWithOIDC, form: AutoSubmitForm): Promise<void>;
};

type FeatureParts = {
  clients: ClientDirectory;
  subjects: Subjects;
  fingerprints: Fingerprints;
  pages: ProviderPages;
  publicUrl: string;
};

type Features = NonNullable<Configuration['features']>;

/** What proofs of possession (RFC 9449) may be signed by. */
export const proofAlgorithms = ['ES256', 'EdDSA', 'Ed25519'] as const;

export function createFeatures(parts: FeatureParts) {
  return {
    devInteractions: { enabled: false },
    ...selfRegistration,
    claimsParameter: { enabled: true, assertClaimsParameter: limitAskedClaims },
    pushedAuthorizationRequests: { enabled: true },
    requestObjects: { enabled: true, assertJwtClaimsAndHeader: checkRequestObject },
    dPoP: boundTokens(parts),
    clientCredentials: { enabled: true },
    resourceIndicators: apiAudiences(parts),
    introspection: { enabled: true, allowedPolicy: ownTokens(parts) },
    revocation: {
      enabled: true,
      allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
    },
    backchannelLogout: { enabled: true },
    ...pages(parts.pages),
  } satisfies Features;
}

/**
 * Any client may bind its tokens to a key of its own. Each is offered a nonce; one that is registered
 * for bound tokens has to use it where it gets them, so that no proof can be made long before. All
 * instances derive the same nonces from the clock and a key that is kept nowhere by itself.
 */
function boundTokens({ fingerprints }: FeatureParts) {
  return {
    enabled: true,
    nonceSecret: fingerprints.key('oidc:dpop-nonce'),
    requireNonce: ({ oidc }) => oidc.client?.dpopBoundAccessTokens === true,
  } satisfies Features['dPoP'];
}

function pages(show: ProviderPages) {
  return {
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx) => show.signOut(ctx),
      postLogoutSuccessSource: (ctx) => show.signedOut(ctx),
    },
    deviceFlow: {
      enabled: true,
      charset: 'base-20',
      mask: '****-****',
      userCodeInputSource: (ctx, _form, _out, error) => show.device(ctx, error),
      userCodeConfirmSource: (ctx, _form, _client, _deviceInfo, userCode) =>
        show.confirmDevice(ctx, userCode),
      successSource: (ctx) => show.deviceDone(ctx),
    },
  } satisfies Features;
}

/** A client learns only of its own tokens; the adapter has already checked account and tenant. */
function ownTokens({ clients, subjects }: FeatureParts) {
  return async (
    _ctx: KoaContextWithOIDC,
    client: LibraryClient,
    token: { clientId?: string; accountId?: string } | ClientCredentials,
  ): Promise<boolean> => {
    if (token.clientId !== client.clientId) return false;
    const accountId = 'accountId' in token ? token.accountId : undefined;
    if (!accountId) return true;
    const [record, subject] = await Promise.all([
      clients.find(client.clientId),
      subjects.find(accountId),
    ]);
    return Boolean(record && subject && serves(record, subject.tenantId));
  };
}
