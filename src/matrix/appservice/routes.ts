import { createHash, timingSafeEqual } from 'node:crypto';
import type Router from '@koa/router';
import type { Context, Next } from 'koa';
import getRawBody from 'raw-body';
import type { Database } from '../../database/database.ts';
import { exactRouter } from '../../http/exact-router.ts';
import { MatrixError } from './matrix-error.ts';
import { receive } from './receive.ts';

export type AppserviceOptions = {
  database: Database;
  /** Without it Synapse cannot prove itself, and is refused. */
  hsToken: string | undefined;
  serverName: string;
  botLocalpart: string;
  log: {
    warn(message: string): void;
    error(fields: { err: unknown }, message: string): void;
  };
};

/** A hundred events of 64 KiB each, with what they replaced, all of it escaped. */
const bodyLimit = '50mb';

/**
 * What Synapse asks of an application service (Application Service API, "Homeserver -> Application
 * Service API"). All of it is for Synapse alone, which proves itself by the hs_token.
 */
export function appserviceRoutes(options: AppserviceOptions): Router {
  const { database, serverName } = options;
  const bot = `@${options.botLocalpart}:${serverName}`;
  const router = exactRouter('/_matrix/app');
  router.use((ctx, next) => answerAsMatrix(ctx, next, options.log));
  router.put('/v1/transactions/:txnId', async (ctx) => {
    const hsToken = authenticate(ctx, options);
    const txnId = ctx.params.txnId as string;
    await receive({ database, hsToken, bot, serverName }, txnId, await readJson(ctx));
    ctx.body = {};
  });
  router.get('/v1/users/:userId', (ctx) => {
    authenticate(ctx, options);
    if (ctx.params.userId !== bot) throw new MatrixError(404, 'M_NOT_FOUND', 'No such user.');
    ctx.body = {};
  });
  router.get('/v1/rooms/:roomAlias', (ctx) => {
    authenticate(ctx, options);
    // Rooms are made when the platform tells of them, never because somebody looks for one.
    throw new MatrixError(404, 'M_NOT_FOUND', 'No such room.');
  });
  router.post('/v1/ping', (ctx) => {
    authenticate(ctx, options);
    ctx.body = {};
  });
  router.all(
    ['/v1/transactions/:txnId', '/v1/users/:userId', '/v1/rooms/:roomAlias', '/v1/ping'],
    () => {
      throw new MatrixError(405, 'M_UNRECOGNIZED', 'Not by this method.');
    },
  );
  router.all('/{*rest}', () => {
    throw new MatrixError(404, 'M_UNRECOGNIZED', 'There is nothing here.');
  });
  return router;
}

async function answerAsMatrix(
  ctx: Context,
  next: Next,
  log: AppserviceOptions['log'],
): Promise<void> {
  ctx.set('cache-control', 'no-store');
  try {
    await next();
  } catch (error) {
    const known = error instanceof MatrixError;
    // Synapse sends it again later.
    if (!known) log.error({ err: error }, 'What Synapse reported could not be taken');
    ctx.status = known ? error.status : 500;
    ctx.body = {
      errcode: known ? error.errcode : 'M_UNKNOWN',
      error: known ? error.message : 'This went wrong here.',
    };
  }
}

/**
 * @returns the hs_token
 * @throws MatrixError `M_MISSING_TOKEN` (401), `M_FORBIDDEN` (403)
 */
function authenticate(ctx: Context, { hsToken, log }: AppserviceOptions): string {
  const [, token] = /^Bearer +(\S+)$/i.exec(ctx.get('authorization')) ?? [];
  if (!token) throw new MatrixError(401, 'M_MISSING_TOKEN', 'The hs_token is missing.');
  if (!hsToken) {
    log.warn('Synapse reports what happens in rooms, but MATRIX_HS_TOKEN is not set: refused.');
    throw new MatrixError(403, 'M_FORBIDDEN', 'No hs_token is set here.');
  }
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (timingSafeEqual(digest(token), digest(hsToken))) return hsToken;
  log.warn('Somebody asked as Synapse with another hs_token than MATRIX_HS_TOKEN: refused.');
  throw new MatrixError(403, 'M_FORBIDDEN', 'This is not the hs_token.');
}

/** @throws MatrixError `M_TOO_LARGE` (413), `M_NOT_JSON` (400) */
async function readJson(ctx: Context): Promise<unknown> {
  try {
    const { length } = ctx.request;
    return JSON.parse(await getRawBody(ctx.req, { limit: bodyLimit, length, encoding: 'utf-8' }));
  } catch (error) {
    const tooLarge = (error as { type?: string }).type === 'entity.too.large';
    if (tooLarge) throw new MatrixError(413, 'M_TOO_LARGE', 'The body is too large.');
    throw new MatrixError(400, 'M_NOT_JSON', 'The body is not JSON.');
  }
}
