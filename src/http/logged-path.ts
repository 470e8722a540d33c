import type { Context } from 'koa';

/** Pattern of the route that answers, as in `/interaction/:uid/code`; undefined while none does. */
export function matchedRoute(ctx: Context): string | undefined {
  return ctx._matchedRoute;
}

/**
 * What the log may say of where a request went. An interaction's id is as good as a key to it, so a
 * path is told by its route; of one that no route knows, whatever spelling that is, only plain words.
 */
export function loggedPath(ctx: Context): string {
  return matchedRoute(ctx) ?? ctx.path.split('/').map(plainWord).join('/');
}

/** No id or token of ours is as short as this. */
function plainWord(part: string): string {
  return /^[a-z\d._-]{0,20}$/i.test(part) ? part : '…';
}
