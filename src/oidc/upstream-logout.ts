import type Router from '@koa/router';
import { AppError } from '../errors.ts';
import { record } from '../events.ts';
import { findConnection } from '../federation/connections.store.ts';
import type { Connector } from '../federation/connector.ts';
import { takeUpstreamSessions } from '../federation/upstream-sessions.store.ts';
import { readForm } from '../http/forms.ts';
import { tenantById } from '../tenants/tenants.store.ts';
import type { InteractionParts } from './interaction/parts.ts';
import { endSession } from './sessions.ts';

/** Each costs a look at the provider's keys. */
const perMinute = 120;

/**
 * OIDC Back-Channel Logout 1.0: a tenant's provider says that somebody signed out there. Ends what
 * began through that connection, and nothing else of the account.
 */
export function addUpstreamLogout(router: Router, parts: InteractionParts): void {
  router.post('/callback/:connection/logout', async (ctx) => {
    ctx.set('cache-control', 'no-store');
    const { logout_token: token = '' } = await readForm(ctx);
    const connection = ctx.params.connection as string;
    const limit = await parts.rateLimits.take([
      { name: 'upstream-logout', key: connection, limit: perMinute, seconds: 60 },
    ]);
    if (!limit.allowed) throw new AppError('too_many_attempts', { status: 429 });
    try {
      await endThose(parts, connection, token);
      ctx.body = '';
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      ctx.status = 400;
      ctx.body = { error: 'invalid_request' };
    }
  });
}

async function endThose(parts: InteractionParts, id: string, token: string): Promise<void> {
  const { database } = parts;
  const connector = await ownConnector(parts, id);
  if (!connector?.logout) throw new AppError('not_found', { status: 404 });
  const ended = await connector.logout(token);
  await database.transaction(async (tx) => {
    const sessions = await takeUpstreamSessions(tx, { connection: id, ...ended });
    for (const { sessionUid, accountId } of sessions) {
      await endSession(tx, { uid: sessionUid, accountId });
      await record(tx, {
        ...{ action: 'session.ended_upstream', actor: 'system', target: accountId },
        detail: { connection: id },
      });
    }
  });
}

async function ownConnector(parts: InteractionParts, id: string): Promise<Connector | undefined> {
  const connection = await findConnection(parts.database, id);
  const tenant = connection && (await tenantById(parts.database, connection.tenantId));
  return tenant && parts.connectors.find({ id: tenant.id, ways: null }, id);
}
