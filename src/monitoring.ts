import type Router from '@koa/router';
import type { BreachedPasswords } from './accounts/breached-passwords.ts';
import type { PasswordHasher } from './accounts/password-hasher.ts';
import type { AuditEvent } from './audit/audit.store.ts';
import { onEvent } from './audit/events.ts';
import type { Config } from './config/config.ts';
import type { Database } from './database/database.ts';
import { tableSizes } from './database/table-sizes.store.ts';
import { roomCounts } from './entities/counts.store.ts';
import type { Log } from './http/log.ts';
import { Metrics, metricsRoutes } from './http/metrics.ts';
import type { Figures, SignInOutcome } from './http/metrics-registry.ts';
import { requestContext } from './http/request-context.ts';
import type { RequestEnd } from './http/requests.ts';
import { jobCounts } from './jobs/jobs.store.ts';

type Parts = {
  config: Config;
  database: Database;
  hasher: Pick<PasswordHasher, 'hashes' | 'waiting'>;
  breaches: Pick<BreachedPasswords, 'counts'>;
  log: Log;
};

/** By what requests are told apart in the figures. */
const routeGroups = [
  '/',
  '/.well-known',
  '/_matrix/app',
  '/account',
  '/assets',
  '/brand',
  '/handoff',
  '/health',
  '/interaction',
  '/internal',
  '/metrics',
  '/oidc/.well-known',
  '/oidc/auth',
  '/oidc/device',
  '/oidc/introspection',
  '/oidc/jwks',
  '/oidc/par',
  '/oidc/revocation',
  '/oidc/session',
  '/oidc/token',
  '/oidc/userinfo',
  '/recover',
];

/** Every event as a line of the log and, where figures can be read, as a figure. Called once. */
export function startMonitoring(parts: Parts): {
  onEnd: (end: RequestEnd) => void;
  routes?: Router;
} {
  const { config, log } = parts;
  onEvent((event) => {
    log.info({ event: { ...event, requestId: requestContext()?.requestId } }, event.action);
  });
  if (!config.metricsToken) return { onEnd: () => {} };
  const metrics = new Metrics(figuresOf(parts), routeGroups);
  onEvent((event) => {
    metrics.happened(event);
    const signIn = signInOf(event);
    if (signIn) metrics.signIn(signIn);
  });
  return {
    onEnd: (end) => metrics.requestEnded(end),
    routes: metricsRoutes(metrics, config.metricsToken),
  };
}

function figuresOf({ database, hasher, breaches }: Parts): Figures {
  const { pool } = database;
  return {
    passwordHashes: () => ({ computed: hasher.hashes, waiting: hasher.waiting }),
    passwordBreaches: () => breaches.counts,
    pool: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    afterCommitErrors: () => database.afterCommitErrors,
    async database() {
      const [jobs, rooms, tables] = await Promise.all([
        jobCounts(database),
        roomCounts(database),
        tableSizes(database),
      ]);
      return { jobs, rooms, tables };
    },
  };
}

function signInOf({ action, detail }: AuditEvent): SignInOutcome | undefined {
  const method = typeof detail?.method === 'string' ? detail.method : 'unknown';
  switch (action) {
    case 'account.signed_in':
      return { method, outcome: 'success' };
    case 'account.handed_over':
      return { method: 'handoff', outcome: 'success' };
    case 'account.sign_in_refused':
      return { method, outcome: 'failure' };
    case 'factor.refused':
      return { method, outcome: 'failure' };
    case 'email_code.refused':
      return { method: 'otp', outcome: 'failure' };
    default:
      return undefined;
  }
}
