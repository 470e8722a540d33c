import type { Authority } from '../authority/authority.ts';
import type { Queryable } from '../database/database.ts';
import { type Condition, type Cursor, type Page, readPage } from '../database/keyset.ts';
import { type Client, clientColumns } from './clients.store.ts';

/**
 * The applications that serve nobody but the tenants somebody administers: others are not theirs to see.
 */
export function listClientsOf(
  db: Queryable,
  authority: Authority,
  wanted: { descending: boolean; after?: Cursor; limit: number },
): Promise<Page<Client & { createdAt: Date; updatedAt: Date }>> {
  return readPage(
    db,
    {
      columns: clientColumns,
      from: 'clients c',
      id: { column: 'c.id', type: 'text' },
      sorting: { by: 'c.created_at', type: 'timestamptz' },
      descending: wanted.descending,
      where: within(authority),
    },
    wanted,
  );
}

function within({ tenantIds }: Authority): Condition[] {
  if (tenantIds === 'all') return [];
  const condition = `not c.all_tenants
    and exists (select from client_tenants x where x.client_id = c.id)
    and not exists (select from client_tenants x
      where x.client_id = c.id and x.tenant_id <> all (?::uuid[]))`;
  return [[condition, tenantIds]];
}
