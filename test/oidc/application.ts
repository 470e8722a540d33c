import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import type { Client } from '../../src/clients/clients.store.ts';
import { Visitor, type VisitorOptions } from '../support/forms.ts';
import type { Page } from '../support/page.ts';
import { callback, type World } from './world.ts';

export type Tokens = Awaited<ReturnType<typeof openid.authorizationCodeGrant>>;

export type Attempt = {
  url: URL;
  checks: { pkceCodeVerifier: string; expectedState: string; expectedNonce: string };
};

type Params = Record<string, string>;

/** A browser that stops where it leaves the service for the application. */
export function newVisitor(options: VisitorOptions = {}): Visitor {
  return new Visitor({
    stopAt: ({ protocol, hostname }) => protocol !== 'http:' || hostname.endsWith('.example'),
    ...options,
  });
}

/** A relying party as its makers would write it, with openid-client. */
export class Application {
  readonly client: Client & { secret: string };
  readonly config: openid.Configuration;
  readonly #redirectUri: string;

  private constructor(client: Client & { secret: string }, config: openid.Configuration) {
    this.client = client;
    this.config = config;
    this.#redirectUri = client.redirectUris[0] ?? callback;
  }

  static async of(
    world: World,
    order: Partial<Client> = {},
    auth?: openid.ClientAuth,
  ): Promise<Application> {
    const client = await world.addClient(order);
    const config = await openid.discovery(
      new URL(world.issuer),
      client.id,
      { id_token_signed_response_alg: client.idTokenSignedResponseAlg },
      auth ?? authenticationOf(client),
      { execute: [openid.allowInsecureRequests] },
    );
    return new Application(client, config);
  }

  /** An authorization request, and what its answer must match. */
  async request(params: Params = {}): Promise<Attempt> {
    const pkceCodeVerifier = openid.randomPKCECodeVerifier();
    const checks = {
      pkceCodeVerifier,
      expectedState: openid.randomState(),
      expectedNonce: openid.randomNonce(),
    };
    const url = openid.buildAuthorizationUrl(this.config, {
      redirect_uri: this.#redirectUri,
      scope: 'openid profile email tenant',
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...params,
    });
    return { url, checks };
  }

  redeem(attempt: Attempt, answer: Page | URL): Promise<Tokens> {
    const url = answer instanceof URL ? answer : answer.url;
    return openid.authorizationCodeGrant(this.config, url, attempt.checks);
  }

  /** From the button in the application to its tokens. */
  async signIn(visitor: Visitor, person: Credentials, params: Params = {}): Promise<Tokens> {
    const attempt = await this.request(params);
    const page = await visitor.open(attempt.url);
    return this.redeem(attempt, await enterPassword(visitor, page, person));
  }

  refresh(token: string | undefined, params: Params = {}): Promise<Tokens> {
    return openid.refreshTokenGrant(this.config, token ?? '', params);
  }

  userinfo(tokens: { access_token: string }): Promise<openid.UserInfoResponse> {
    return openid.fetchUserInfo(this.config, tokens.access_token, openid.skipSubjectCheck);
  }
}

export type Credentials = { email: string; password: string };

export function enterPassword(visitor: Visitor, page: Page, person: Credentials): Promise<Page> {
  return visitor.submit(page, { email: person.email, password: person.password });
}

function authenticationOf({ tokenEndpointAuthMethod, secret }: Client & { secret: string }) {
  switch (tokenEndpointAuthMethod) {
    case 'client_secret_basic':
      return openid.ClientSecretBasic(secret);
    case 'client_secret_post':
      return openid.ClientSecretPost(secret);
    default:
      return openid.None();
  }
}

/** Fails unless the promise is refused with this OAuth error code. */
export async function refused(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (thrown: Refusal) => {
    const challenge = Array.isArray(thrown.cause) ? thrown.cause[0] : undefined;
    assert.equal(thrown.error ?? challenge?.parameters.error, code, thrown.message);
    return true;
  });
}

type Refusal = Error & { error?: string; cause?: { parameters: { error?: string } }[] | unknown };

/** The parameters with which the browser came back to the application. */
export function answerOf(page: Page): Record<string, string> {
  assert.equal(page.status, 0, `still on ${page.url.href}: ${page.text.slice(0, 300)}`);
  return Object.fromEntries(page.url.searchParams);
}
