import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Strategy, type StrategyOptions, type VerifyCallback } from 'passport-google-oauth20';
import type { ExpectedAnswer, UpstreamRequest } from './connector.ts';
import { upstreamFailed } from './failure.ts';

type Secrets = {
  clientId: string;
  clientSecret: string;
  authorizationUrl: string;
  tokenUrl: string;
};

/** The library beneath the strategy would wait for an answer for ever. In ms. */
const timeout = 10_000;

/**
 * Passport's strategy for Google, run once per request as Express would. It knows no nonce, verifies
 * no ID token, and keeps no state: those come from the request that is kept for this browser.
 */
export class GoogleStrategy {
  readonly #strategy: Strategy;

  constructor({ clientId, clientSecret, authorizationUrl, tokenUrl }: Secrets) {
    const options: StrategyOptions = {
      clientID: clientId,
      clientSecret,
      authorizationURL: authorizationUrl,
      tokenURL: tokenUrl,
      scope: ['openid', 'email', 'profile'],
      // What the ID token says is signed; the profile endpoint would only repeat it.
      skipUserProfile: true,
      pkce: true,
      store: noStore,
    };
    this.#strategy = new Strategy(
      options,
      (
        _access: string,
        _refresh: string,
        params: object,
        _profile: unknown,
        done: VerifyCallback,
      ) => done(null, params),
    );
  }

  /** @throws AppError `upstream_failed` (502) */
  async authorizationUrl(request: UpstreamRequest): Promise<URL> {
    const outcome = await this.#run(
      {},
      {
        callbackURL: request.redirectUri,
        loginHint: request.loginHint,
        prompt: request.prompt,
        nonce: request.nonce,
        store: {
          ...noStore,
          store: (_req, _verifier, _state, _meta, done) => done(null, request.state),
        },
      },
    );
    if (!('redirect' in outcome)) throw upstreamFailed('No request to Google.', outcome);
    const url = new URL(outcome.redirect);
    // The strategy makes a verifier of its own; the one that counts is kept with the request.
    url.searchParams.set('code_challenge', challengeOf(request.codeVerifier));
    return url;
  }

  /**
   * @returns the ID token, not yet verified
   * @throws AppError `upstream_failed` (502)
   */
  async redeem(callback: URL, expected: ExpectedAnswer): Promise<string> {
    const outcome = await this.#run(Object.fromEntries(callback.searchParams), {
      callbackURL: expected.redirectUri,
      store: {
        ...noStore,
        verify: (_req, state, done) =>
          done(null, state === expected.state && expected.codeVerifier),
      },
    });
    if (!('idToken' in outcome)) {
      throw upstreamFailed(
        'Google did not redeem the code.',
        'failed' in outcome && outcome.failed,
      );
    }
    return outcome.idToken;
  }

  #run(query: Record<string, string>, { store, nonce, ...options }: Run): Promise<Outcome> {
    const shared = this.#strategy;
    const ran = new Promise<Outcome>((resolve) => {
      const once: Strategy = Object.create(shared, {
        _stateStore: { value: store },
        authorizationParams: {
          value: (given: object) => ({
            ...shared.authorizationParams(given),
            ...(nonce ? { nonce } : undefined),
          }),
        },
      });
      once.success = (user) => resolve({ idToken: (user as { id_token?: string }).id_token ?? '' });
      once.redirect = (redirect) => resolve({ redirect });
      once.fail = (failed) => resolve({ failed });
      once.error = (failed) => resolve({ failed });
      once.authenticate({ query } as Parameters<Strategy['authenticate']>[0], options);
    });
    return Promise.race([ran, tooLate()]);
  }
}

/** The number of parameters of these two tells the strategy which protocol they speak. */
type StateStore = {
  store(
    req: unknown,
    verifier: unknown,
    state: unknown,
    meta: unknown,
    done: (error: Error | null, state: string) => void,
  ): void;
  verify(
    req: unknown,
    state: string,
    done: (error: Error | null, verifier: string | false) => void,
  ): void;
};

type Run = {
  store: StateStore;
  callbackURL: string;
  nonce?: string;
  loginHint?: string;
  prompt?: string;
};

type Outcome = { redirect: string } | { idToken: string } | { failed: unknown };

/** Each run brings what it needs; the other half is never asked. */
const noStore = {
  store() {
    throw new Error('a request is answered, not made');
  },
  verify() {
    throw new Error('a request is made, not answered');
  },
};

async function tooLate(): Promise<Outcome> {
  await wait(timeout, undefined, { ref: false });
  return { failed: upstreamFailed('Google did not answer in time.') };
}

function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}
