import type { KoaContextWithOIDC } from 'oidc-provider';
import { z } from 'zod';
import type { Queryable } from '../database/database.ts';
import type { UpstreamIdentity } from '../federation/connector.ts';
import { insertUpstreamSession } from '../federation/upstream-sessions.store.ts';

const factsSchema = z.object({
  connection: z.string(),
  issuer: z.string(),
  subject: z.string(),
  sid: z.string().optional(),
});

/** What goes into the result of an interaction that another provider's word ended. */
export function sessionFacts({ connection, issuer, subject, sid }: UpstreamIdentity) {
  return { upstream: { connection, issuer, subject, sid } };
}

/**
 * Remembers which session there began the one here, so that its end can end this one. At this step
 * of an authorization the session has its lasting id, and the library waits.
 */
export function rememberingUpstream<T>(
  db: Queryable,
  next: (ctx: KoaContextWithOIDC) => Promise<T>,
) {
  return async (ctx: KoaContextWithOIDC): Promise<T> => {
    const { result, session } = ctx.oidc;
    const facts = factsSchema.safeParse((result as { upstream?: unknown } | undefined)?.upstream);
    if (facts.success && session?.accountId) {
      const { sid = null, ...identity } = facts.data;
      const { uid: sessionUid, accountId } = session;
      await insertUpstreamSession(db, { ...identity, sid, sessionUid, accountId });
    }
    return next(ctx);
  };
}
