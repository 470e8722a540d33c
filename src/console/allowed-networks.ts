import type { Middleware } from 'koa';
import { AppError } from '../errors.ts';
import { inNetworks } from '../http/networks.ts';

/**
 * Answers only to these, if any are given.
 *
 * @param networks in CIDR notation
 * @throws AppError `console_network_refused` (403)
 */
export function allowedNetworks(networks: readonly string[] | undefined): Middleware {
  const isAllowed = networks ? inNetworks(networks) : () => true;
  return (ctx, next) => {
    if (!isAllowed(ctx.request.ip)) throw new AppError('console_network_refused');
    return next();
  };
}
