import { type Authority, ofTenants } from '../../authority/authority.ts';
import type { Queryable } from '../../database/database.ts';
import { type Cursor, type Page, readPage } from '../../database/keyset.ts';
import { type Connection, connectionColumns } from './connections.store.ts';

/** The connections of the tenants that somebody administers. */
export function listConnectionsOf(
  db: Queryable,
  authority: Authority,
  filters: { tenantId?: string },
  wanted: { descending: boolean; after?: Cursor; limit: number },
): Promise<Page<Connection>> {
  return readPage<Connection>(
    db,
    {
      columns: connectionColumns,
      from: 'connections c',
      id: { column: 'c.id', type: 'text' },
      sorting: { by: 'c.created_at', type: 'timestamptz' },
      descending: wanted.descending,
      where: ofTenants('c.tenant_id', authority, filters.tenantId),
    },
    wanted,
  );
}
