import { type CryptoKey, importJWK, type JWK } from 'jose';
import * as openid from 'openid-client';
import type { Connection } from './connections/connections.store.ts';
import type { Connector, EndedUpstream, ExpectedAnswer, UpstreamRequest } from './connector.ts';
import { upstreamFailed, upstreamTurnedAway } from './failure.ts';
import { verifyLogout } from './logout-token.ts';
import { claimsOf, identityFrom, saysMultiFactor } from './openid-claims.ts';

export type OpenIdOptions = {
  connection: Connection;
  /** Opened. */
  secret?: string;
  /** For `private_key_jwt`: the key that signs now. */
  clientKey: () => Promise<JWK>;
  /** Guarded, as the provider names the addresses. */
  fetch: typeof fetch;
};

/** How long a provider's description of itself is reused, in ms. Its keys are not: they rotate. */
const metadataFor = 10 * 60_000;
const timeoutSeconds = 10;

/** A tenant's own provider, as its OpenID discovery describes it. */
export class OpenIdConnector implements Connector {
  readonly id: string;
  readonly name: string;
  readonly #options: OpenIdOptions;
  #metadata: { server: openid.ServerMetadata; readAt: number } | undefined;

  constructor(options: OpenIdOptions) {
    this.id = options.connection.id;
    this.name = options.connection.name;
    this.#options = options;
  }

  async begin(request: UpstreamRequest): Promise<URL> {
    try {
      const config = await this.#configuration();
      const url = openid.buildAuthorizationUrl(config, {
        scope: this.#options.connection.scopes.join(' '),
        redirect_uri: request.redirectUri,
        state: request.state,
        nonce: request.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(request.codeVerifier),
        code_challenge_method: 'S256',
        ...(request.loginHint ? { login_hint: request.loginHint } : undefined),
        ...(request.uiLocales ? { ui_locales: request.uiLocales } : undefined),
        ...(request.prompt ? { prompt: request.prompt } : undefined),
      });
      assertWebAddress(url);
      return url;
    } catch (cause) {
      throw upstreamFailed(`No request to ${this.id}.`, cause);
    }
  }

  async finish(callback: URL, expected: ExpectedAnswer) {
    const { connection } = this.#options;
    const { idToken, claims } = await this.#claims(callback, expected).catch((cause) => {
      if (cause instanceof openid.AuthorizationResponseError && cause.error === 'access_denied') {
        // Of Entra ID, whose descriptions are in the person's language.
        throw upstreamTurnedAway(cause, callback.searchParams.get('error_subcode'));
      }
      // Perhaps it describes itself in another way by now.
      this.#metadata = undefined;
      throw upstreamFailed(`The answer of ${this.id} is not valid.`, cause);
    });
    const identity = identityFrom(connection, claims);
    // Of the ID token alone: what stands at userinfo some people may set themselves.
    const multiFactor = connection.mfaTrusted && saysMultiFactor(idToken);
    return multiFactor ? { ...identity, multiFactor } : identity;
  }

  async #claims(callback: URL, expected: ExpectedAnswer) {
    const config = await this.#configuration();
    const tokens = await openid.authorizationCodeGrant(config, callback, {
      pkceCodeVerifier: expected.codeVerifier,
      expectedState: expected.state,
      expectedNonce: expected.nonce,
      idTokenExpected: true,
    });
    const idToken = tokens.claims() as openid.IDToken;
    if (!config.serverMetadata().userinfo_endpoint) return { idToken, claims: idToken };
    const more = await openid.fetchUserInfo(config, tokens.access_token, idToken.sub);
    return { idToken, claims: claimsOf(idToken, more) };
  }

  async logout(token: string): Promise<EndedUpstream> {
    try {
      const { connection, fetch } = this.#options;
      const { jwks_uri: uri = '' } = await this.#server();
      const claims = await verifyLogout(token, { connection, uri, fetch });
      return { issuer: connection.issuer, ...claims };
    } catch (cause) {
      throw upstreamFailed(`The logout token of ${this.id} is not valid.`, cause);
    }
  }

  /** New for each use, so that the provider's keys are read anew: it may have rotated them. */
  async #configuration(): Promise<openid.Configuration> {
    const { connection, fetch } = this.#options;
    const config = new openid.Configuration(
      await this.#server(),
      connection.clientId,
      {},
      await authenticationOf(this.#options),
    );
    config[openid.customFetch] = fetch as openid.CustomFetch;
    config.timeout = timeoutSeconds;
    // What comes straight from the token endpoint counts as authentic to many; we check signatures.
    openid.enableNonRepudiationChecks(config);
    // Which networks may use http is for the fetch to decide.
    if (connection.issuer.startsWith('http:')) openid.allowInsecureRequests(config);
    return config;
  }

  async #server(): Promise<openid.ServerMetadata> {
    if (this.#metadata && Date.now() - this.#metadata.readAt < metadataFor) {
      return this.#metadata.server;
    }
    const { connection, fetch } = this.#options;
    const server = await discover(connection.issuer, connection.clientId, fetch);
    this.#metadata = { server, readAt: Date.now() };
    return server;
  }
}

/**
 * What a provider says of itself.
 *
 * @throws AppError `upstream_failed` (502) also where it names another issuer than it was asked as
 */
export async function discover(
  issuer: string,
  clientId: string,
  guarded: typeof fetch,
): Promise<openid.ServerMetadata> {
  try {
    const found = await openid.discovery(new URL(issuer), clientId, {}, openid.None(), {
      [openid.customFetch]: guarded as openid.CustomFetch,
      timeout: timeoutSeconds,
      execute: issuer.startsWith('http:') ? [openid.allowInsecureRequests] : [],
    });
    const server = found.serverMetadata();
    if (server.issuer !== issuer) throw upstreamFailed(`${issuer} calls itself otherwise.`);
    return { ...server };
  } catch (cause) {
    throw upstreamFailed(`The discovery of ${issuer} failed.`, cause);
  }
}

async function authenticationOf({ connection, secret = '', clientKey }: OpenIdOptions) {
  switch (connection.authMethod) {
    case 'client_secret_basic':
      return openid.ClientSecretBasic(secret);
    case 'client_secret_post':
      return openid.ClientSecretPost(secret);
    case 'private_key_jwt': {
      const jwk = await clientKey();
      const key = (await importJWK(jwk)) as CryptoKey;
      return openid.PrivateKeyJwt({ key, kid: jwk.kid });
    }
    default:
      return openid.None();
  }
}

/** The browser is sent there: nothing but a web page may be. */
function assertWebAddress({ protocol }: URL): void {
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw upstreamFailed('The authorization endpoint is no web address.');
  }
}
