import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type Router from '@koa/router';
import { exactRouter } from './exact-router.ts';

interface Asset {
  url: string;
  etag: string;
  type: string;
  body: Buffer;
}

const views = new URL('../../views/', import.meta.url);
/** One sheet in one request, written in parts that each fit on a page. The order matters. */
const sheet = ['base', 'controls', 'content', 'overrides'];
/** What speaks with authenticators, as its makers bundle it: the package says only where its modules are. */
const webauthn = new URL(
  '../dist/bundle/index.umd.min.js',
  import.meta.resolve('@simplewebauthn/browser'),
);
const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
};

/** `pages.css` is served at `/assets/pages.<hash>.css`. */
const hashedName = /^([a-z-]+)\.([0-9a-f]{12})\.([a-z]+)$/;

function load(): ReadonlyMap<string, Asset> {
  const styles = sheet.map((part) => readFileSync(new URL(`styles/${part}.css`, views)));
  const files = readdirSync(new URL('assets/', views)).map((file): [string, Buffer] => [
    file,
    readFileSync(new URL(`assets/${file}`, views)),
  ]);
  const bodies: [string, Buffer][] = [
    ['pages.css', Buffer.concat(styles)],
    ['webauthn.js', readFileSync(webauthn)],
    ...files,
  ];
  return new Map(bodies.map(([file, body]) => [file, describe(file, body)]));
}

function describe(file: string, body: Buffer): Asset {
  const [name = '', extension = ''] = file.split('.');
  const type = types[extension];
  if (type === undefined) throw new Error(`views/assets/${file} has no known type`);
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  return { url: `/assets/${name}.${hash}.${extension}`, etag: `"${hash}"`, type, body };
}

const assets = load();

/** URL of one of these files, mostly of `views/assets`, with a hash of its content. Throws for a file that is not there. */
export function assetUrl(file: string): string {
  const asset = assets.get(file);
  if (!asset) throw new Error(`views/assets/${file} does not exist`);
  return asset.url;
}

/**
 * Serves `/assets/…`. A hash of another version gets this one's content without a long cache: while
 * instances are being replaced, a page and its style sheet may come from different versions.
 */
export function assetRoutes(): Router {
  const router = exactRouter();
  router.get('/assets/:file', (ctx, next) => {
    const [, name, hash, extension] = hashedName.exec(ctx.params.file ?? '') ?? [];
    const asset = assets.get(`${name}.${extension}`);
    if (!asset) return next();
    const current = asset.etag === `"${hash}"`;
    ctx.status = 200;
    ctx.set('Cache-Control', current ? 'public, max-age=31536000, immutable' : 'no-cache');
    ctx.set('ETag', asset.etag);
    ctx.type = asset.type;
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = asset.body;
  });
  return router;
}
