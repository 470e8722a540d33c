import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Context, Middleware } from 'koa';
import helmet from 'koa-helmet';

/**
 * The strictest set that our pages work with: no inline code, no frames, nothing from elsewhere.
 * `same-origin` rather than `no-referrer`, because with the latter browsers send `Origin: null` with
 * forms, which could not be told from an attack.
 */
export function securityHeaders({ https }: { https: boolean }): Middleware {
  const fixed = headersOf({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': ["'self'"],
        'style-src': ["'self'"],
        'img-src': ["'self'", 'data:'],
        'connect-src': ["'self'"],
        'manifest-src': ["'self'"],
        'base-uri': ["'none'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
      },
    },
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: https ? { maxAge: 31_536_000 } : false,
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginEmbedderPolicy: false,
    xFrameOptions: { action: 'deny' },
    xPoweredBy: false,
  });
  return async (ctx, next) => {
    for (const [name, value] of await fixed) ctx.res.setHeader(name, value);
    await next();
  };
}

/** None of them depends on the request, so they are worked out once. */
async function headersOf(options: Parameters<typeof helmet>[0]): Promise<[string, string][]> {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const context = { req: response.req, res: response } as Context;
  await helmet(options)(context, async () => {});
  return Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]);
}

/**
 * Chromium applies `form-action` to every redirect that follows a form, so a page whose form ends at
 * an application must name it.
 *
 * @param target the application's origin; undefined lifts the rule, for a Synapse that sends the
 *   person on to whatever Matrix client they use, also one with a scheme of its own
 */
export function allowFormsTo(ctx: Context, target: string | undefined): void {
  const policy = String(ctx.response.get('content-security-policy'));
  ctx.set(
    'content-security-policy',
    target
      ? policy.replace("form-action 'self'", `form-action 'self' ${target}`)
      : policy.replace(/form-action 'self';?/, ''),
  );
}

/**
 * Lets the window that opened this one stay in touch with it. A client may sign people in, or have them
 * confirm something, in a pop-up, and one strict answer on the way would cut it off for good: the pop-up
 * could never say that it is done. For answers on the way to a client only.
 */
export function keepOpener(ctx: Context): void {
  ctx.set('cross-origin-opener-policy', 'unsafe-none');
}
