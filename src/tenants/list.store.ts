import { type Authority, ofTenants } from '../authority/authority.ts';
import type { Queryable } from '../database/database.ts';
import { type Cursor, type Page, readPage } from '../database/keyset.ts';
import type { FoundTenant } from './find.ts';
import { domainColumns, tenantColumns } from './tenants.store.ts';

/** The tenants that somebody administers, by time or by slug. */
export function listTenantsOf(
  db: Queryable,
  authority: Authority,
  wanted: { sort: 'createdAt' | 'slug'; descending: boolean; after?: Cursor; limit: number },
): Promise<Page<FoundTenant>> {
  return readPage<FoundTenant>(
    db,
    {
      columns: `${tenantColumns}, ${domainColumns}`,
      from: 'tenants t',
      id: { column: 't.id', type: 'uuid' },
      sorting:
        wanted.sort === 'slug'
          ? { by: 't.slug', type: 'text' }
          : { by: 't.created_at', type: 'timestamptz' },
      descending: wanted.descending,
      where: ofTenants('t.id', authority),
    },
    wanted,
  );
}
