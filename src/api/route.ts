import type { Context } from 'koa';
import { z } from 'zod';
import type { Client } from '../clients/clients.store.ts';
import type { TenantNames } from '../platform/tenant.ts';
import { isVisible } from '../text/unseen.ts';

/** One request that was let in: its token, tenant and input are checked. */
export type Call<Params, Query, Body> = {
  ctx: Context;
  client: Client;
  /** Of the caller's; every row read or written must be of this tenant. Empty with `tenantOfParts`. */
  tenantId: string;
  /** The tenants that the request names outside of its body. */
  named: TenantNames;
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

/** A platform's name of something; no URL can have the two refused ones as a part of its path. */
export const pathSlug = printable.refine((text) => text !== '.' && text !== '..', {
  message: 'must not be a step in a path',
});

type Fields = z.ZodObject;

/** One line of the table that both the routes and their OpenAPI document are made from. */
export type InternalRoute<
  Params extends Fields = Fields,
  Query extends Fields = Fields,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> = {
  /** All but `get` write, and take an `Idempotency-Key`. */
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below `/internal`, with parameters as in OpenAPI: `/accounts/{id}`. */
  path: `/${string}`;
  /** `operationId`: stable, generated clients name their functions by it. */
  operation: string;
  summary: string;
  description?: string;
  scope: string;
  params?: Params;
  /** Besides `tenant` and `tenantId`, which every route takes. */
  query?: Query;
  body?: Body;
  /** What the document says of a body whose parts are judged one by one. */
  shownBody?: z.ZodType;
  /** Of the body, as in `2mb`; 32 KB unless given. */
  bodyLimit?: string;
  /** Whether each part of the body names its own tenant: the handler finds them. */
  tenantOfParts?: boolean;
  answer: { status: 200 | 201 | 202; description: string; schema: Answer };
  /** Codes of its own errors by status; those that every route has are known. */
  problems?: Readonly<Record<number, readonly string[]>>;
  /** Requests of one client within so many seconds, over all instances. */
  budget?: { limit: number; seconds: number };
  handle(call: Call<z.output<Params>, z.output<Query>, z.output<Body>>): Promise<z.input<Answer>>;
};

type None = z.ZodObject<Record<never, never>>;

/** Ties the handler's types to the schemas, and forgets them for the table. */
export function internalRoute<
  Params extends Fields = None,
  Query extends Fields = None,
  Body extends z.ZodType = None,
  Answer extends z.ZodType = z.ZodType,
>(route: InternalRoute<Params, Query, Body, Answer>): InternalRoute {
  return route as unknown as InternalRoute;
}

/** The parameters by which a caller that serves several tenants names the one it means. */
export const tenantQuery = z.object({
  tenant: printable
    .optional()
    .describe('Slug, domain or id of a tenant; needed where the client serves several.'),
  tenantId: z.uuid().optional().describe('The same by id.'),
});
