import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Middleware } from 'koa';

interface Asset {
  url: string;
  etag: string;
  type: string;
  body: Buffer;
}

const folder = new URL('../../views/assets/', import.meta.url);
const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
};

/** `pages.css` is served at `/assets/pages.<hash>.css`. */
const hashedPath = /^\/assets\/([a-z-]+)\.([0-9a-f]{12})\.([a-z]+)$/;

function load(): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const file of readdirSync(folder)) {
    const [name = '', extension = ''] = file.split('.');
    const type = types[extension];
    if (type === undefined) throw new Error(`views/assets/${file} has no known type`);
    const body = readFileSync(new URL(file, folder));
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
    assets.set(file, {
      url: `/assets/${name}.${hash}.${extension}`,
      etag: `"${hash}"`,
      type,
      body,
    });
  }
  return assets;
}

const assets = load();

/** URL of a file in `views/assets`, with a hash of its content. Throws for a file that is not there. */
export function assetUrl(file: string): string {
  const asset = assets.get(file);
  if (!asset) throw new Error(`views/assets/${file} does not exist`);
  return asset.url;
}

/**
 * Serves `/assets/…`. A hash of another version gets this one's content without a long cache: while
 * instances are being replaced, a page and its style sheet may come from different versions.
 */
export function serveAssets(): Middleware {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/assets/')) return next();
    const [, name, hash, extension] = hashedPath.exec(ctx.path) ?? [];
    const asset = assets.get(`${name}.${extension}`);
    if (!asset || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    const current = asset.etag === `"${hash}"`;
    ctx.status = 200;
    ctx.set('Cache-Control', current ? 'public, max-age=31536000, immutable' : 'no-cache');
    ctx.set('ETag', asset.etag);
    ctx.type = asset.type;
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = asset.body;
  };
}
