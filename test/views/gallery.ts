import { once } from 'node:events';
import Koa from 'koa';
import { assetRoutes } from '../../src/http/assets.ts';
import { brandingCss } from '../../src/tenants/branding.ts';
import { allSamples, languages, render } from './samples.ts';

/** The service's own content policy, but for where forms may lead. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'";

export interface Gallery {
  url(sample: number, lang?: string): string;
  close(): void;
}

/** Serves every sample of every page; handles that begin with `free` are free. */
export async function openGallery(): Promise<Gallery> {
  const app = new Koa();
  // The page that sends itself on is looked at as by whoever has no scripts. (That a test answers requests
  // itself would keep the browser from remembering any style or script from one page to the next.)
  app.use((ctx, next) => {
    if (!ctx.path.startsWith('/assets/auto-submit.')) return next();
    ctx.type = 'js';
    ctx.body = '';
  });
  app.use(assetRoutes().routes());
  app.use((ctx) => {
    ctx.set('Content-Security-Policy', policy);
    if (ctx.path === '/brand.css') {
      ctx.type = 'css';
      ctx.body = brandingCss({ accent: '#3b4fd8' });
      return;
    }
    if (ctx.path === '/handles/availability') {
      const handle = String(ctx.query.handle);
      const available = handle.startsWith('free');
      ctx.body = {
        handle,
        available,
        reason: available ? null : 'taken',
        suggestions: ['free.one'],
      };
      return;
    }
    // A sign-in page asks by itself what passkey it is to ask for: here for none.
    if (ctx.method === 'POST') {
      ctx.status = 204;
      return;
    }
    const [, index, lang] = ctx.path.split('/');
    const sample = allSamples[Number(index)];
    if (!sample) return;
    ctx.type = 'html';
    ctx.body = render(
      sample,
      languages.find((language) => language.lang === lang),
    );
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: (sample, lang = 'en') => `http://127.0.0.1:${port}/${sample}/${lang}`,
    close: () => server.close(),
  };
}
