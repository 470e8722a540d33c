import type { Context } from 'koa';
import type { Queryable } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import { type Client, findClient } from '../clients.store.ts';
import type { CurrentProvider } from '../current-provider.ts';
import { internalAudienceOf } from './audience.ts';

type Parts = { current: CurrentProvider; database: Queryable; publicUrl: string };

/** RFC 6750 §2.1, the only place where a token is looked for: never in a URL or a body. */
const bearer = /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;

/**
 * The client that asks, by its access token. That it still exists, is enabled and holds the scope is
 * read anew for each request.
 *
 * @throws AppError `token_missing`, `invalid_token` (401), `insufficient_scope` (403), each with
 *   the header of RFC 6750 §3
 */
export async function authenticate(ctx: Context, parts: Parts, scope: string): Promise<Client> {
  const header = ctx.get('authorization');
  if (!header) throw challenge(ctx, 'token_missing', 'An access token is needed.');
  const [, value] = bearer.exec(header) ?? [];
  const token = value && (await parts.current.provider.ClientCredentials.find(value));
  const audience = internalAudienceOf(parts.publicUrl);
  if (!token || token.aud !== audience || token.isExpired || !token.clientId) {
    throw challenge(ctx, 'invalid_token', 'The access token is unknown, expired or not for here.');
  }
  const client = await findClient(parts.database, token.clientId);
  if (!client || client.disabledAt || !client.grantTypes.includes('client_credentials')) {
    throw challenge(ctx, 'invalid_token', 'The client may no longer use this.');
  }
  if (!token.scopes.has(scope) || !client.scopes.includes(scope)) {
    throw challenge(ctx, 'insufficient_scope', `The scope ${scope} is needed.`, scope);
  }
  return client;
}

/** RFC 6750 §3.1: no code in the header for a request that brought no token at all. */
function challenge(ctx: Context, code: string, message: string, scope?: string): AppError {
  const error =
    code === 'token_missing' ? [] : [`error="${code}"`, `error_description="${message}"`];
  const wanted = scope ? [`scope="${scope}"`] : [];
  ctx.set('www-authenticate', `Bearer ${['realm="internal"', ...error, ...wanted].join(', ')}`);
  return new AppError(code, {
    status: scope ? 403 : 401,
    message,
    details: scope ? { scope } : undefined,
  });
}
