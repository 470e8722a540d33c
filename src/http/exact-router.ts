import Router from '@koa/router';

/**
 * A router by which a route has one spelling: case, slashes and escapes count. Without these options
 * `/Account/` is `/account`, while whoever judges a request by its path sees another text. Every
 * router here is made by this function.
 *
 * @param prefix of all its routes
 */
export function exactRouter(prefix?: string): Router {
  return new Router({ sensitive: true, strict: true, prefix });
}
