import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import { z } from 'zod';
import { type None, printable, type Route } from '../../api/route.ts';
import type { Authority } from '../../authority/authority.ts';
import type { Client } from '../../clients/clients.store.ts';
import { AppError } from '../../errors.ts';

/** Who asks, and how far that reaches. */
export type AdminCaller = { client: Client; authority: Authority };

export type AdminRoute<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> = Route<AdminCaller, Params, Query, Body, Answer>;

/** Ties the handler's types to the schemas, and forgets them for the table. */
export function adminRoute<
  Params extends z.ZodObject = None,
  Query extends z.ZodObject = None,
  Body extends z.ZodType = None,
  Answer extends z.ZodType = z.ZodType,
>(route: AdminRoute<Params, Query, Body, Answer>): AdminRoute {
  return route as unknown as AdminRoute;
}

export const byId = z.object({ id: printable });

/**
 * RFC 9110 §8.8.3 of what is shown. Sent back as `If-Match` with a change, it keeps that from being made
 * to something else than what was looked at.
 */
function tagOf(representation: unknown): string {
  const digest = createHash('sha256').update(JSON.stringify(representation)).digest('base64url');
  return `"${digest.slice(0, 27)}"`;
}

/** The representation itself, with its tag in the header. */
export function tagged<Shown>(ctx: Context, representation: Shown): Shown {
  ctx.set('etag', tagOf(representation));
  return representation;
}

/**
 * RFC 9110 §13.1.1, asked within the transaction that changes it.
 *
 * @throws AppError `precondition_failed` (412)
 */
export function requireMatch(ctx: Context, representation: unknown): void {
  const given = ctx.get('if-match');
  if (!given || given.trim() === '*') return;
  const tags = given.split(',').map((tag) => tag.trim());
  if (!tags.includes(tagOf(representation))) throw new AppError('precondition_failed');
}
