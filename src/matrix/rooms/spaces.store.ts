import { randomUUID } from 'node:crypto';
import type { Queryable } from '../../database/database.ts';

/** What the aliases of spaces begin with: part of what the bot has for itself. */
export const spaceAliasPrefix = 'space-';

/** The row of the tenant's space, made if there is none. */
export async function ensureSpace(db: Queryable, tenantId: string): Promise<string | undefined> {
  await db.query(
    `insert into rooms (id, tenant_id, entity_type, entity_slug, state, alias)
      select $1::uuid, tenants.id, 'space', slug, 'active', $3::text || slug ||
          case when exists (select from rooms where alias = $3::text || slug)
            then '-' || tenants.id else '' end
        from tenants
        where id = $2 and not exists (
          select from rooms where tenant_id = $2 and entity_type = 'space')
      on conflict do nothing`,
    [randomUUID(), tenantId, spaceAliasPrefix],
  );
  const [row] = await db.query<{ id: string }>(
    `select id from rooms where tenant_id = $1 and entity_type = 'space' and state = 'active'`,
    [tenantId],
  );
  return row?.id;
}
