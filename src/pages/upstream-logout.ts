import type Router from '@koa/router';
import { record } from '../audit/events.ts';
import type { Database } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { findConnection } from '../federation/connections/connections.store.ts';
import type { Connector } from '../federation/connector.ts';
import type { Connectors } from '../federation/connectors.ts';
import { takeUpstreamSessions } from '../federation/upstream-sessions.store.ts';
import { readForm } from '../http/forms.ts';
import type { Log } from '../http/log.ts';
import { addressKey, type RateLimits } from '../http/rate-limits.ts';
import { endSession } from '../oidc/sessions.ts';
import { tenantById } from '../tenants/tenants.store.ts';

type LogoutParts = {
  log: Log;
  database: Database;
  rateLimits: RateLimits;
  connectors: Connectors;
};

/** From one network, so that a stranger cannot keep the provider's from being heard. */
const perMinute = 120;

/** Longer than a token is good for. */
const rememberedSeconds = 600;

/**
 * OIDC Back-Channel Logout 1.0: a tenant's provider says that somebody signed out there. Ends what
 * began through that connection, and nothing else of the account.
 */
export function addUpstreamLogout(router: Router, parts: LogoutParts): void {
  router.post('/callback/:connection/logout', async (ctx) => {
    ctx.set('cache-control', 'no-store');
    const { logout_token: token = '' } = await readForm(ctx);
    const connection = ctx.params.connection as string;
    const limit = await parts.rateLimits.take([
      {
        name: 'upstream-logout',
        key: `${connection} ${addressKey(ctx.ip)}`,
        limit: perMinute,
        seconds: 60,
      },
    ]);
    if (!limit.allowed) throw new AppError('too_many_attempts');
    try {
      await endThose(parts, connection, token);
      ctx.body = '';
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { code: reason, message, details } = error;
      parts.log.warn({ connection, reason, ...details, told: message }, 'a logout was refused');
      ctx.status = 400;
      ctx.body = { error: 'invalid_request' };
    }
  });
}

async function endThose(parts: LogoutParts, id: string, token: string): Promise<void> {
  const { database } = parts;
  const connector = await ownConnector(parts, id);
  if (!connector?.logout) throw new AppError('not_found');
  const { id: tokenId, ...ended } = await connector.logout(token);
  await once(parts, JSON.stringify([id, tokenId]), () =>
    database.transaction(async (tx) => {
      const sessions = await takeUpstreamSessions(tx, { connection: id, ...ended });
      for (const { sessionUid, accountId } of sessions) {
        await endSession(tx, { uid: sessionUid, accountId });
        await record(tx, {
          ...{ action: 'session.ended_upstream', actor: 'system', target: accountId },
          detail: { connection: id },
        });
      }
    }),
  );
}

/**
 * A token that somebody has kept must not end the sessions that began since. One whose work failed
 * may come again.
 *
 * @throws AppError `upstream_failed` (400) for one that has done its work
 */
async function once({ rateLimits }: LogoutParts, key: string, work: () => Promise<void>) {
  const attempt = { name: 'upstream-logout/token', key, limit: 1, seconds: rememberedSeconds };
  const first = await rateLimits.take([attempt]);
  if (!first.allowed)
    throw new AppError('upstream_failed', { message: 'A replayed logout token.' });
  try {
    await work();
  } catch (error) {
    await rateLimits.giveBack([attempt]);
    throw error;
  }
}

async function ownConnector(parts: LogoutParts, id: string): Promise<Connector | undefined> {
  const connection = await findConnection(parts.database, id);
  const tenant = connection && (await tenantById(parts.database, connection.tenantId));
  return tenant && parts.connectors.find({ id: tenant.id, ways: null }, id);
}
