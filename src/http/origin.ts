import type { Context, Middleware } from 'koa';
import { AppError } from '../errors.ts';

export type OriginOptions = {
  publicUrl: string;
  /** The port we listen on: an instance may also be asked directly, as a load balancer's check does. */
  port: number;
  /** What to do with a host that is not ours; answers whether it took care of the request. */
  onOtherHost: (ctx: Context, hostname: string) => Promise<boolean>;
};

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Paths that infrastructure asks for by whatever address it knows: checks of health, and Synapse, which
 * proves itself by a token and is told no address.
 */
const anyHost = /^\/(health\/|metrics$|_matrix\/app\/)/;

/**
 * One origin for everything. A request for a host that is not ours gets 421, and from here on every
 * part of the program, the OpenID provider included, sees the host and scheme of PUBLIC_URL: nothing
 * that a client or a proxy writes in a header can move a link or an issuer.
 */
export function fixedOrigin({ publicUrl, port, onOtherHost }: OriginOptions): Middleware {
  const url = new URL(publicUrl);
  const direct = `${url.hostname}:${port}`;
  return async (ctx, next) => {
    const host = (ctx.req.headers.host ?? '').toLowerCase();
    if (host !== url.host && host !== direct && !anyHost.test(ctx.path)) {
      if (await toPublicOrigin(ctx, host, url)) return;
      if (await onOtherHost(ctx, host.replace(/:\d+$/, ''))) return;
      throw new AppError('unknown_host', { status: 421 });
    }
    for (const name of Object.keys(ctx.req.headers)) {
      if (name === 'forwarded' || name.startsWith('x-forwarded-')) delete ctx.req.headers[name];
    }
    ctx.req.headers.host = url.host;
    ctx.req.headers['x-forwarded-proto'] = url.protocol.slice(0, -1);
    await next();
  };
}

/** Somebody typed `localhost` where PUBLIC_URL says `127.0.0.1`, or the reverse. */
async function toPublicOrigin(ctx: Context, host: string, url: URL): Promise<boolean> {
  const name = host.replace(/:\d+$/, '');
  if (!loopback.has(name) || !loopback.has(url.hostname) || ctx.method !== 'GET') return false;
  ctx.redirect(atPublicOrigin(ctx, url).href);
  return true;
}

/** The page asked for, at our own origin: also where its path, such as `//evil.example`, reads as a host. */
export function atPublicOrigin({ path, search }: Context, publicUrl: string | URL): URL {
  const target = new URL(publicUrl);
  target.pathname = path;
  target.search = search;
  return target;
}

/**
 * Refuses what another site makes a browser send (OWASP: Fetch Metadata, then Origin). Programs send
 * neither header and carry no cookies of a person, so they pass.
 */
export function sameOriginForms({ publicUrl, port }: { publicUrl: string; port: number }) {
  const url = new URL(publicUrl);
  const origins = new Set([url.origin, `${url.protocol}//${url.hostname}:${port}`]);
  return (ctx: Context): void => {
    if (ctx.method === 'GET' || ctx.method === 'HEAD') return;
    const site = ctx.get('sec-fetch-site');
    const origin = ctx.get('origin');
    if ((site && site !== 'same-origin' && site !== 'none') || (origin && !origins.has(origin))) {
      throw new AppError('cross_site_request', { status: 403 });
    }
  };
}
