import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { Passport, type Strategy } from 'passport';
import type { Connector, ExpectedAnswer, UpstreamIdentity, UpstreamRequest } from './connector.ts';
import { upstreamFailed, upstreamTurnedAway } from './failure.ts';

/** What a strategy finds in place of Express's request. */
export type PassportRequest = {
  query: Readonly<Record<string, string>>;
  /** Of an answer: the request that was kept for this browser, and is used up by now. */
  expected?: ExpectedAnswer;
};

export type PassportOptions = {
  id: string;
  name: string;
  /** The one that the place names itself by in its answers (RFC 9207). */
  issuer: string;
  /** Succeeds with an `UpstreamIdentity`; an OAuth 2.0 one has `keptRequests` for its store. */
  strategy: Strategy;
};

/** In ms. The library beneath the OAuth 2.0 strategies would wait for an answer for ever. */
const timeout = 10_000;

/**
 * A connector that one of passport's strategies carries. passport runs it as under Express, with
 * neither its sessions nor its states: those are the request that was kept for this browser.
 */
export function throughPassport({ id, name, issuer, strategy }: PassportOptions): Connector {
  const passport = new Passport().use(id, strategy);

  const run = (req: PassportRequest, options: object): Promise<Outcome> =>
    new Promise((resolve) => {
      const failed = (error: unknown) => resolve({ failed: error });
      const done = (error: unknown, identity?: UpstreamIdentity | false, challenge?: unknown) =>
        resolve(identity ? { identity } : { failed: error ?? challenge });
      const authenticate: RequestHandler = passport.authenticate(id, options, done);
      authenticate(req, redirects(resolve), failed);
      wait(timeout, undefined, { ref: false }).then(() =>
        failed(upstreamFailed(`${name} did not answer in time.`)),
      );
    });

  return {
    id,
    name,
    async begin(request) {
      const outcome = await run({ query: {} }, authorizationOptions(request));
      if ('redirect' in outcome) return new URL(outcome.redirect);
      throw upstreamFailed(`No request to ${name}.`, outcome);
    },
    async finish(callback, expected) {
      assertAnswer(callback, { name, issuer });
      const query = Object.fromEntries(callback.searchParams);
      const outcome = await run({ query, expected }, { callbackURL: expected.redirectUri });
      if ('identity' in outcome) return outcome.identity;
      throw upstreamFailed(
        `${name} did not redeem the code.`,
        'failed' in outcome && outcome.failed,
      );
    },
  };
}

/** For an OAuth 2.0 strategy: the answer is for this browser, and its code is redeemed by PKCE. */
export const keptRequests = {
  store(): never {
    throw new Error('each request brings its state');
  },
  verify(
    { expected }: PassportRequest,
    state: string,
    done: (error: Error | null, verifier: string | false) => void,
  ): void {
    done(null, expected !== undefined && state === expected.state && expected.codeVerifier);
  },
};

/** What passport's OAuth 2.0 strategies leave out of an authorization request, or would make up. */
export function pinned(options: object): Record<string, string> {
  const { nonce, codeVerifier } = options as AuthorizationOptions;
  const challenge = createHash('sha256').update(codeVerifier).digest('base64url');
  return { nonce, code_challenge: challenge, code_challenge_method: 'S256' };
}

type AuthorizationOptions = ReturnType<typeof authorizationOptions>;

function authorizationOptions(request: UpstreamRequest) {
  const { state, nonce, codeVerifier, redirectUri: callbackURL, loginHint, prompt } = request;
  return { state, nonce, codeVerifier, callbackURL, loginHint, prompt };
}

type Outcome = { redirect: string } | { identity: UpstreamIdentity } | { failed: unknown };

/** As passport calls it: without Express, and with what a strategy of ours looks at. */
type RequestHandler = (
  req: PassportRequest,
  res: Pick<ServerResponse, 'statusCode' | 'setHeader' | 'end'>,
  next: (error?: unknown) => void,
) => void;

/** passport redirects by these alone; where to goes on through Koa, as any connector's. */
function redirects(resolve: (outcome: Outcome) => void) {
  return {
    statusCode: 200,
    setHeader(name: string, value: string) {
      if (name === 'Location') resolve({ redirect: value });
    },
    end() {},
  } as unknown as ServerResponse<IncomingMessage>;
}

function assertAnswer(
  { searchParams }: URL,
  { name, issuer }: Pick<PassportOptions, 'name' | 'issuer'>,
): void {
  const named = searchParams.get('iss');
  if (named !== null && named !== issuer) throw upstreamFailed('The answer names another issuer.');
  const error = searchParams.get('error');
  const refusal = { params: searchParams };
  if (error === 'access_denied') throw upstreamTurnedAway(refusal);
  if (error !== null) throw upstreamFailed(`${name} answered with an error.`, refusal);
  if (!searchParams.get('code')) throw upstreamFailed('The answer holds no code.');
}
