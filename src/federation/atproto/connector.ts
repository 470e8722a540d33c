import {
  extractPdsUrl,
  type NodeOAuthClient,
  OAuthResponseError,
  type OAuthSession,
} from '@atproto/oauth-client-node';
import { AppError } from '../../errors.ts';
import type { Connector, UpstreamIdentity, UpstreamRequest } from '../connector.ts';
import { upstreamFailed } from '../failure.ts';
import { BlueskyClient } from './client.ts';
import { translated } from './errors.ts';
import { handleRequired, targetsOf, targetsOfHint } from './input.ts';
import { type BlueskyOptions, scope } from './metadata.ts';
import { assertActive, readEmail, readProfile } from './profile.ts';

/**
 * The issuer of every DID. No server's: a DID means the same person wherever it moves, and which
 * server may speak for it is checked at each sign-in.
 */
export const issuer = 'atproto';

const patience = 20_000;

/** What the library calls a handle that does not lead back to its DID. */
const handleInvalid = 'handle.invalid';

/**
 * Sign-in with an account in the AT Protocol's network, such as Bluesky's. Besides the codes of
 * every connector, `begin` throws `bluesky_handle_unknown` (422), `bluesky_server_unreachable` (502)
 * and, where nobody typed anything and no hint leads anywhere, `bluesky_handle_required` (422). Both
 * throw `bluesky_account_gone` and `bluesky_account_deactivated` (403).
 */
export function createBlueskyConnector(options: BlueskyOptions): Connector {
  const bluesky = new BlueskyClient(options);
  return {
    id: 'bluesky',
    name: 'Bluesky',

    async begin(request) {
      try {
        return await firstThatWorks(await bluesky.current(), request, options);
      } catch (error) {
        const { code } = translated(error);
        const guessed = request.input === undefined && code === 'bluesky_handle_unknown';
        throw guessed ? handleRequired(error) : translated(error);
      }
    },

    async finish(callback, { state, redirectUri }) {
      if (callback.searchParams.get('state') !== state) throw upstreamFailed('Another state.');
      try {
        const client = await bluesky.current();
        const { session } = await client.callback(callback.searchParams, {
          redirect_uri: redirectUri as `https://${string}`,
        });
        return await identify(client, session, options);
      } catch (error) {
        throw translated(error);
      }
    },
  };
}

/** What looks like a handle may be a server's name; if it is neither, the first failure counts. */
async function firstThatWorks(
  client: NodeOAuthClient,
  request: UpstreamRequest,
  options: BlueskyOptions,
): Promise<URL> {
  const { input, loginHint } = request;
  const [first, ...others] = input === undefined ? targetsOfHint(loginHint) : targetsOf(input);
  try {
    await assertWelcome(client, first, options);
    return await authorize(client, first, request, options);
  } catch (error) {
    if (translated(error).code !== 'bluesky_handle_unknown') throw error;
    for (const other of others) {
      const url = await authorize(client, other, request, options).catch(() => undefined);
      if (url) return url;
    }
    throw error;
  }
}

/**
 * Where a person is named, says at once what would keep them out. This also renews what the library
 * remembers of them, so that a handle or a server that changed a moment ago counts.
 */
async function assertWelcome(
  client: NodeOAuthClient,
  target: string,
  { fetch }: BlueskyOptions,
): Promise<void> {
  if (/^https?:/.test(target)) return;
  const signal = AbortSignal.timeout(patience);
  const { did, didDoc } = await client.identityResolver.resolve(target, { noCache: true, signal });
  await assertActive({ fetch, pds: extractPdsUrl(didDoc), did });
}

async function authorize(
  client: NodeOAuthClient,
  target: string,
  { state, redirectUri, uiLocales, prompt }: UpstreamRequest,
  { allowHttp }: BlueskyOptions,
): Promise<URL> {
  const parameters = {
    redirect_uri: redirectUri as `https://${string}`,
    ui_locales: uiLocales,
    prompt: prompt === 'login' ? ('login' as const) : undefined,
    signal: AbortSignal.timeout(patience),
  };
  const asking = withState(client, state);
  const url = await asking.authorize(target, { ...parameters, scope }).catch((error: unknown) => {
    // A server that has no email to give.
    if (!(error instanceof OAuthResponseError) || error.error !== 'invalid_scope') throw error;
    return asking.authorize(target, { ...parameters, scope: 'atproto' });
  });
  if (url.protocol !== 'https:' && !allowHttp) {
    throw new AppError('bluesky_server_unreachable', { message: 'Not https.' });
  }
  return url;
}

/** The library thinks up its own state, but ours is the one that is bound to the browser. */
function withState(client: NodeOAuthClient, state: string): NodeOAuthClient {
  const runtime: NodeOAuthClient['runtime'] = Object.create(client.runtime, {
    generateNonce: { value: async () => state },
  });
  return Object.create(client, { runtime: { value: runtime } });
}

/**
 * By now the library has made sure, with a fresh document of the DID, that it names the server that
 * vouched, and that handle and DID name each other.
 */
async function identify(
  client: NodeOAuthClient,
  session: OAuthSession,
  { fetch }: BlueskyOptions,
): Promise<UpstreamIdentity> {
  const { did } = session;
  try {
    const { didDoc, handle } = await client.identityResolver.resolve(did);
    const repository = { fetch, pds: extractPdsUrl(didDoc), did };
    const [profile, email] = await Promise.all([
      readProfile(repository),
      readEmail(session),
      assertActive(repository),
    ]);
    return {
      connection: 'bluesky',
      issuer,
      subject: did,
      email,
      emailVerified: false,
      handleHint: handle === handleInvalid ? undefined : handle,
      ...profile,
    };
  } finally {
    // Who somebody is has been learned: their server need not trust us any longer.
    await session.signOut().catch(() => {});
  }
}
