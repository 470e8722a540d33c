import { z } from 'zod';
import type { Queryable } from '../../database/database.ts';
import { type FoundTenant, tenantWithin } from '../../tenants/find.ts';
import { listTenantsOf } from '../../tenants/list.store.ts';
import { answerOf, listAnswer, listQuery, wantedOf } from './lists.ts';
import { type AdminRoute, adminRoute, byId, tagged } from './route.ts';

export const tenantSchema = z
  .object({
    id: z.uuid(),
    slug: z.string(),
    name: z.string(),
    status: z.enum(['active', 'suspended']),
    isDefault: z.boolean(),
    domains: z.array(z.string()).describe('The primary one first.'),
    emailDomains: z.array(z.string()).describe('Addresses at these sign up here.'),
    signUp: z.enum(['open', 'closed', 'domains']),
    signUpDomains: z.array(z.string()),
    signUpApproval: z.boolean(),
    offered: z.boolean().describe('Whether a sign-up that names no tenant may choose it.'),
    emailRequired: z.boolean(),
    mfaRequiredFrom: z.iso
      .datetime()
      .nullable()
      .describe('From when on nobody signs in by one step alone; null: theirs to choose.'),
    ways: z.array(z.string()).nullable().describe('To sign in with others, in order; null: all.'),
    languages: z.array(z.string()).describe('The preferred one first; empty: all.'),
    branding: z.record(z.string(), z.unknown()),
    terms: z
      .object({
        version: z.string(),
        termsUrl: z.string().optional(),
        privacyUrl: z.string().optional(),
      })
      .nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Tenant' });

export function tenantRoutes({ database }: { database: Queryable }): AdminRoute[] {
  return [
    adminRoute({
      method: 'get',
      path: '/tenants',
      operation: 'listTenants',
      summary: 'The communities that the caller administers',
      scope: 'admin:read',
      query: listQuery(['createdAt', 'slug'], {}),
      answer: { status: 200, description: 'A page of them', schema: listAnswer(tenantSchema) },
      problems: { 400: ['cursor_invalid'] },
      async handle({ authority, query }) {
        return answerOf(
          await listTenantsOf(database, authority, wantedOf(query)),
          query,
          shownTenant,
        );
      },
    }),
    adminRoute({
      method: 'get',
      path: '/tenants/{id}',
      operation: 'getTenant',
      summary: 'A community by id, slug or domain',
      scope: 'admin:read',
      params: byId,
      answer: { status: 200, description: 'The community', schema: tenantSchema },
      problems: { 404: ['tenant_not_found'] },
      async handle({ ctx, authority, params }) {
        return tagged(ctx, shownTenant(await tenantWithin(database, authority, params.id)));
      },
    }),
  ];
}

export function shownTenant(found: FoundTenant): z.input<typeof tenantSchema> {
  return {
    ...found,
    mfaRequiredFrom: found.mfaRequiredFrom?.toISOString() ?? null,
    createdAt: found.createdAt.toISOString(),
    updatedAt: found.updatedAt.toISOString(),
  };
}
