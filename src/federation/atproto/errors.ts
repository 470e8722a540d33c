import {
  DidError,
  FetchError,
  HandleResolverError,
  OAuthCallbackError,
  OAuthResolverError,
} from '@atproto/oauth-client-node';
import { AppError, type ErrorCode } from '../../errors.ts';
import { upstreamFailed, upstreamTurnedAway } from '../failure.ts';
import { describeFault, faultOf } from '../fault.ts';

/** What the library threw, as something a page can say. */
export function translated(error: unknown): AppError {
  const chain = [...causes(error)];
  const own = chain.find((link) => link instanceof AppError && link.code !== 'fetch_refused');
  if (own instanceof AppError) return own;
  const refusal = chain.find(
    (link) => link instanceof OAuthCallbackError && link.params.get('error') === 'access_denied',
  );
  if (refusal) return upstreamTurnedAway(refusal);
  const code = codeOf(chain);
  if (code === 'upstream_failed') return upstreamFailed(whatFailed(chain), error);
  const [message, details] = [describeFault(error) || undefined, { ...faultOf(error) }];
  return new AppError(code, { message, details, cause: error });
}

/** The library has no codes for what it finds wrong in an answer, but sentences of its own. */
function whatFailed(chain: unknown[]): string {
  const own = chain.find((link) => link instanceof OAuthCallbackError);
  const known = own && ownSentences.find((sentence) => own.message.startsWith(sentence));
  return `The answer of the account’s server is not valid.${known ? ` ${known}.` : ''}`;
}

const ownSentences = [
  'JARM not supported',
  'Missing "state" parameter',
  'Unknown authorization session',
  'Missing "code" query param',
  'Issuer not found in metadata',
  'Issuer mismatch',
  'iss missing from the response',
];

type Code = Extract<
  ErrorCode,
  | 'bluesky_handle_unknown'
  | 'bluesky_account_gone'
  | 'bluesky_server_unreachable'
  | 'upstream_failed'
>;

function codeOf(chain: unknown[]): Code {
  for (const link of chain) {
    if (link instanceof DidError) return ofDid(link);
    if (link instanceof HandleResolverError || nameOf(link) === 'IdentityResolverError') {
      return 'bluesky_handle_unknown';
    }
  }
  const server = chain.some((link) => link instanceof OAuthResolverError);
  return server || chain.some(isNetwork) ? 'bluesky_server_unreachable' : 'upstream_failed';
}

/** A directory forgets nothing: a DID that it had and took away is 410, or 404 in older ones. */
function ofDid(error: DidError): Code {
  const gone = error.code === 'did-service-not-found' || /not available/i.test(error.message);
  if (error.status === 410 || gone) return 'bluesky_account_gone';
  const unasked = error.code === 'did-fetch-error' || error.code === 'did-unknown-error';
  return unasked && error.status !== 404 ? 'bluesky_server_unreachable' : 'bluesky_handle_unknown';
}

function isNetwork(error: unknown): boolean {
  if (error instanceof FetchError || error instanceof AppError) return true;
  return ['TimeoutError', 'AbortError'].includes(nameOf(error));
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function* causes(error: unknown): Generator<unknown> {
  for (
    let link = error;
    link !== undefined;
    link = link instanceof Error ? link.cause : undefined
  ) {
    yield link;
  }
}
