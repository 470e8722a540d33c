import type { Context } from 'koa';
import { type Client, findClient } from '../clients/clients.store.ts';
import type { Queryable } from '../database/database.ts';
import { AppError, type ErrorCode } from '../errors.ts';
import type { CurrentProvider } from '../oidc/current-provider.ts';
import { proofAlgorithms } from '../oidc/features.ts';
import { dpopProofSeconds, useOnce } from '../oidc/replay.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { readProof } from './proof.ts';

type Parts = {
  current: CurrentProvider;
  database: Queryable;
  fingerprints: Fingerprints;
  publicUrl: string;
};

/** RFC 6750 §2.1 and RFC 9449 §7.1, the only place where a token is looked for: never a URL or body. */
const credentials = /^(Bearer|DPoP) +([A-Za-z0-9\-._~+/]+=*) *$/i;

/**
 * The client that asks, by its access token. That it still exists, is enabled and holds the scope is
 * read anew for each request.
 *
 * @throws AppError `token_missing`, `invalid_token` (401), `insufficient_scope` (403), each with
 *   the header of RFC 6750 §3
 */
export async function authenticate(
  ctx: Context,
  parts: Parts,
  wanted: { api: string; scope: string },
): Promise<Client> {
  const { api, scope } = wanted;
  const challenge = challengeOf(ctx, api.slice(1));
  const header = ctx.get('authorization');
  if (!header) throw challenge('token_missing', 'An access token is needed.');
  const [, scheme, value] = credentials.exec(header) ?? [];
  const token = value && (await parts.current.provider.ClientCredentials.find(value));
  const audience = `${parts.publicUrl}${api}`;
  if (!token || token.aud !== audience || token.isExpired || !token.clientId) {
    throw challenge('invalid_token', 'The access token is unknown, expired or not for here.');
  }
  if (!(await hasKey(ctx, parts, token, { scheme, value }))) {
    const message = 'The token and its scheme, or its proof of possession, do not fit.';
    throw challenge('invalid_token', message);
  }
  const client = await findClient(parts.database, token.clientId);
  if (!client || client.disabledAt || !client.grantTypes.includes('client_credentials')) {
    throw challenge('invalid_token', 'The client may no longer use this.');
  }
  if (!token.scopes.has(scope) || !client.scopes.includes(scope)) {
    throw challenge('insufficient_scope', `The scope ${scope} is needed.`, scope);
  }
  return client;
}

/**
 * Whether the caller has the key that the token is bound to, if it is bound to one: such a token is
 * worth nothing without it, and one that is not bound is no `DPoP` token (RFC 9449 §7.1).
 */
async function hasKey(
  ctx: Context,
  parts: Parts,
  token: { jkt?: string; clientId?: string },
  given: { scheme?: string; value: string },
): Promise<boolean> {
  const isProved = given.scheme?.toLowerCase() === 'dpop';
  if (!token.jkt || !isProved) return !token.jkt && !isProved;
  const proof = await readProof(ctx, given.value, parts.publicUrl);
  if (proof?.thumbprint !== token.jkt) return false;
  const until = Date.now() / 1000 + 2 * dpopProofSeconds;
  return useOnce(parts, token.clientId ?? '', proof.jti, until);
}

/** RFC 6750 §3.1: no code in the header for a request that brought no token at all. */
function challengeOf(ctx: Context, realm: string) {
  return (code: ErrorCode, message: string, scope?: string): AppError => {
    const error =
      code === 'token_missing' ? [] : [`error="${code}"`, `error_description="${message}"`];
    const wanted = scope ? [`scope="${scope}"`] : [];
    const scheme = /^DPoP /i.test(ctx.get('authorization'))
      ? `DPoP algs="${proofAlgorithms.join(' ')}", `
      : 'Bearer ';
    ctx.set('www-authenticate', scheme + [`realm="${realm}"`, ...error, ...wanted].join(', '));
    return new AppError(code, { message, details: scope ? { scope } : undefined });
  };
}
