import { z } from 'zod';
import { printable } from '../../api/route.ts';
import type { Database } from '../../database/database.ts';
import { addTenant, changeTenant, setTenantStatus } from '../../tenants/change.ts';
import { type FoundTenant, tenantWithin } from '../../tenants/find.ts';
import { type AdminRoute, adminRoute, byId, requireMatch, tagged } from './route.ts';
import { shownTenant, tenantSchema } from './tenants.ts';

const domains = z.array(printable).max(100).optional();

/** An empty text takes a link, name, colour or logo away. */
const text = z.string().max(2000).optional();

const settings = {
  name: printable.optional(),
  domains: domains.describe('Its own, the primary one first.'),
  emailDomains: domains.describe('Whose sign-ups belong to it.'),
  signUp: z.enum(['open', 'closed', 'domains']).optional(),
  signUpDomains: domains,
  signUpApproval: z.boolean().optional(),
  offered: z.boolean().optional(),
  languages: z.array(printable).max(100).optional(),
  ways: z.array(printable).max(100).nullable().optional().describe('null: all that are set up.'),
  emailRequired: z.boolean().optional(),
  brandName: text,
  accent: text.describe('A colour such as #1d6f42.'),
  logo: z.string().max(200_000).optional().describe('A `data:` URL of a PNG, JPEG, WebP or SVG.'),
  homeUrl: text,
  termsUrl: text,
  privacyUrl: text,
  termsVersion: text,
};

const newTenant = z.strictObject({ ...settings, slug: printable, name: printable });
const changes = z.strictObject({
  ...settings,
  status: z.enum(['active', 'suspended']).optional(),
});

const invalid = [
  ...['branding_invalid', 'domain_invalid', 'language_unknown', 'name_invalid'],
  ...['sign_up_domains_missing', 'terms_invalid', 'way_unknown'],
];
const limited = { 403: ['administration_limited'] };

export function tenantActRoutes({ database }: { database: Database }): AdminRoute[] {
  return [
    adminRoute({
      method: 'post',
      path: '/tenants',
      operation: 'addTenant',
      summary: 'Adds a community or organisation with accounts of its own',
      scope: 'admin:write',
      body: newTenant,
      bodyLimit: '256kb',
      answer: { status: 201, description: 'The community', schema: tenantSchema },
      problems: {
        ...limited,
        400: [...invalid, 'slug_invalid'],
        409: ['slug_taken', 'domain_taken'],
      },
      async handle({ ctx, authority, body }) {
        const id = await addTenant(database, authority, body);
        return tagged(ctx, shownTenant(await tenantWithin(database, authority, id)));
      },
    }),
    adminRoute({
      method: 'patch',
      path: '/tenants/{id}',
      operation: 'changeTenant',
      summary: 'Changes what the body names',
      description:
        'Domains, being offered to everybody and the status are changed by who administers all tenants.',
      scope: 'admin:write',
      params: byId,
      body: changes,
      bodyLimit: '256kb',
      answer: { status: 200, description: 'The community as it is now', schema: tenantSchema },
      problems: {
        ...limited,
        400: invalid,
        404: ['tenant_not_found'],
        409: ['domain_taken'],
        412: ['precondition_failed'],
      },
      async handle({ ctx, authority, params: { id }, body: { status, ...said } }) {
        const expect = (before: FoundTenant) => requireMatch(ctx, shownTenant(before));
        const settles = Object.keys(said).length > 0;
        await database.transaction(async (tx) => {
          if (settles) await changeTenant(tx, authority, id, said, expect);
          if (status) {
            await setTenantStatus(tx, authority, id, status, settles ? undefined : expect);
          }
        });
        return tagged(ctx, shownTenant(await tenantWithin(database, authority, id)));
      },
    }),
  ];
}
