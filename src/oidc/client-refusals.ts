import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Queryable } from '../database/database.ts';
import { requestContext } from '../http/request-context.ts';
import { throttle } from '../http/throttle.ts';
import { forgetRefusal, keepRefusal } from './client-refusals.store.ts';
import { onRefusal } from './faults.ts';

/** What an operator is told of a client that could not prove itself. */
export type Refused = { clientId: string; reason: string; address: string | null };

const longestShown = 100;
/** For each client; for its successes too, which would each cost a write. */
const secondsBetweenWrites = 60;

/** Remembers clients that are refused, now and then, and tells of them until they prove themselves. */
export class ClientRefusals {
  readonly #db: Queryable;
  readonly #tell: (refused: Refused) => void;
  readonly #onError: (error: unknown, doing: string) => void;
  readonly #mayTell = throttle(secondsBetweenWrites);
  readonly #mayForget = throttle(secondsBetweenWrites);
  /** Refused by this process; what others refused is forgotten in the minute after. */
  readonly #suspects = new Set<string>();

  constructor(
    db: Queryable,
    tell: (refused: Refused) => void,
    onError: (error: unknown, doing: string) => void,
  ) {
    this.#db = db;
    this.#tell = tell;
    this.#onError = onError;
  }

  watch(provider: Provider): void {
    onRefusal(provider, (ctx, error) => {
      const { error_detail: detail, message: code } = error as Error & { error_detail?: string };
      if (code === 'invalid_client') this.#refused(ctx, detail ?? code);
    });
    provider.on('grant.success', ({ oidc }) => this.#succeeded(oidc.client?.clientId));
  }

  #refused(ctx: KoaContextWithOIDC, reason: string): void {
    const clientId = claimedClient(ctx);
    // All that there are not share one turn: anybody can make up any number of them.
    if (!clientId || !this.#mayTell(ctx.oidc.client ? clientId : '')) return;
    const refused = { clientId, reason, address: requestContext()?.address ?? null };
    this.#tell(refused);
    if (!ctx.oidc.client) return;
    this.#suspects.add(clientId);
    keepRefusal(this.#db, refused).catch((error) => this.#onError(error, 'refusal not kept'));
  }

  #succeeded(clientId: string | undefined): void {
    if (!clientId || !(this.#suspects.delete(clientId) || this.#mayForget(clientId))) return;
    forgetRefusal(this.#db, clientId).catch((error) => this.#onError(error, 'refusal kept'));
  }
}

/** Whom the caller said to be: found by the library, or as it was sent where there is no such client. */
function claimedClient({ oidc, headers }: KoaContextWithOIDC): string | undefined {
  if (oidc.client) return oidc.client.clientId;
  const [, basic] = /^Basic ([\w+/=-]+)$/i.exec(headers.authorization ?? '') ?? [];
  const sent = basic
    ? Buffer.from(basic, 'base64').toString().split(':')[0]
    : (oidc.body as { client_id?: unknown } | undefined)?.client_id;
  return typeof sent === 'string' && sent !== '' ? sent.slice(0, longestShown) : undefined;
}
