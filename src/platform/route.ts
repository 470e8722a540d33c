import { z } from 'zod';
import { type None, printable, type Route } from '../api/route.ts';
import type { Client } from '../clients/clients.store.ts';
import type { TenantNames } from './tenant.ts';

/** Who asks, and about which tenant. */
export type PlatformCaller = {
  client: Client;
  /** Every row read or written must be of this tenant. Empty with `tenantOfParts`. */
  tenantId: string;
  /** The tenants that the request names. */
  named: TenantNames;
};

export type InternalRoute<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> = Route<PlatformCaller, Params, Query, Body, Answer> & {
  /** Whether each part of the body names its own tenant: the handler finds them. */
  tenantOfParts?: boolean;
};

/** Ties the handler's types to the schemas, and forgets them for the table. */
export function internalRoute<
  Params extends z.ZodObject = None,
  Query extends z.ZodObject = None,
  Body extends z.ZodType = None,
  Answer extends z.ZodType = z.ZodType,
>(route: InternalRoute<Params, Query, Body, Answer>): InternalRoute {
  return route as unknown as InternalRoute;
}

/** A platform's name of something; no URL can have the two refused ones as a part of its path. */
export const pathSlug = printable.refine((text) => text !== '.' && text !== '..', {
  message: 'must not be a step in a path',
});

/** The parameters by which a caller that serves several tenants names the one it means. */
export const tenantQuery = z.object({
  tenant: printable
    .optional()
    .describe('Slug, domain or id of a tenant; needed where the client serves several.'),
  tenantId: z.uuid().optional().describe('The same by id.'),
});
