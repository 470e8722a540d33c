import type { Context, Middleware } from 'koa';
import { AppError } from '../errors.ts';
import { keepOpener } from './security-headers.ts';

export type OriginOptions = {
  publicUrl: string;
  /** The port we listen on: an instance may also be asked directly, as a load balancer's check does. */
  port: number;
  /** What to do with a host that is not ours; answers whether it took care of the request. */
  onOtherHost: (ctx: Context, hostname: string) => Promise<boolean>;
};

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * One origin for everything. A request for a host that is not ours gets 421, and from here on every
 * part of the program, the OpenID provider included, sees the host and scheme of PUBLIC_URL: nothing
 * that a client or a proxy writes in a header can move a link or an issuer.
 */
export function fixedOrigin({ publicUrl, port, onOtherHost }: OriginOptions): Middleware {
  const url = new URL(publicUrl);
  const direct = `${url.hostname}:${port}`;
  return async (ctx, next) => {
    const host = readHost(ctx.req.headers.host, url.protocol);
    const authority = host && `${host.name}${host.port && `:${host.port}`}`;
    if (!host || (authority !== url.host && authority !== direct)) {
      if (host && (await toPublicOrigin(ctx, host.name, url))) return;
      if (host && (await onOtherHost(ctx, host.name))) return;
      throw new AppError('unknown_host');
    }
    if (host.isRooted && isForPerson(ctx)) return ctx.redirect(atPublicOrigin(ctx, url).href);
    for (const name of Object.keys(ctx.req.headers)) {
      if (name === 'forwarded' || name.startsWith('x-forwarded-')) delete ctx.req.headers[name];
    }
    ctx.req.headers.host = url.host;
    ctx.req.headers['x-forwarded-proto'] = url.protocol.slice(0, -1);
    await next();
  };
}

type Host = {
  name: string;
  /** Empty for the scheme's own. */
  port: string;
  /** Written with the dot of DNS's root at its end, which names the same host. */
  isRooted: boolean;
};

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** RFC 9110 §7.2 and §4.2.3: case does not count, nor whether the scheme's own port is written. */
function readHost(header = '', scheme: string): Host | undefined {
  const form = /^([\w-]+(?:\.[\w-]+)*|\[[\da-f:.]+\])(\.?)(?::(\d*))?$/;
  const [, name, dot, port = ''] = form.exec(header.toLowerCase()) ?? [];
  if (name === undefined) return undefined;
  return { name, port: port === defaultPorts[scheme] ? '' : port, isRooted: dot === '.' };
}

/** Browsers keep cookies and origins of a name with that dot apart, so a sign-in cannot go on there. */
function isForPerson(ctx: Context): boolean {
  return (ctx.method === 'GET' || ctx.method === 'HEAD') && ctx.accepts('json', 'html') === 'html';
}

/** Somebody typed `localhost` where PUBLIC_URL says `127.0.0.1`, or the reverse. */
async function toPublicOrigin(ctx: Context, name: string, url: URL): Promise<boolean> {
  if (!loopback.has(name) || !loopback.has(url.hostname) || ctx.method !== 'GET') return false;
  keepOpener(ctx);
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
      throw new AppError('cross_site_request');
    }
  };
}
