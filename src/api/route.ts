import type { Context } from 'koa';
import { z } from 'zod';
import { isVisible } from '../text/unseen.ts';

/** What a request of a route says, checked. */
export type Input<Params, Query, Body> = {
  ctx: Context;
  params: Params;
  query: Query;
  body: Body;
};

/** Text that people can read; PostgreSQL cannot store the rest either. */
export const printable = z
  .string()
  .min(1)
  .max(255)
  .regex(/^\P{C}+$/u, 'must not hold control characters')
  .refine(isVisible, { message: 'must hold something that can be seen' });

type Fields = z.ZodObject;

/**
 * One line of the table that both the routes and their OpenAPI document are made from. `Caller` is what
 * the API knows of whoever was let in.
 */
export type Route<
  Caller,
  Params extends Fields = Fields,
  Query extends Fields = Fields,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> = {
  /** All but `get` write, and take an `Idempotency-Key`. */
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below the API's own, with parameters as in OpenAPI: `/accounts/{id}`. */
  path: `/${string}`;
  /** `operationId`: stable, generated clients name their functions by it. */
  operation: string;
  summary: string;
  description?: string;
  scope: string;
  params?: Params;
  /** Besides what every route of the API takes. */
  query?: Query;
  body?: Body;
  /** What the document says of a body whose parts are judged one by one. */
  shownBody?: z.ZodType;
  /** Of the body, as in `2mb`; 32 KB unless given. */
  bodyLimit?: string;
  answer: { status: 200 | 201 | 202; description: string; schema: Answer };
  /** Codes of its own errors by status; those that every route has are known. */
  problems?: Readonly<Record<number, readonly string[]>>;
  /** Requests of one client within so many seconds, over all instances. */
  budget?: { limit: number; seconds: number };
  handle(
    call: Caller & Input<z.output<Params>, z.output<Query>, z.output<Body>>,
  ): Promise<z.input<Answer>>;
};

export type None = z.ZodObject<Record<never, never>>;
