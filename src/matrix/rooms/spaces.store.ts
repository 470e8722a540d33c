import { randomUUID } from 'node:crypto';
import type { Queryable } from '../../database/database.ts';

/** What the aliases of spaces begin with: part of what the bot has for itself. */
export const spaceAliasPrefix = 'space-';

/** The row of the tenant's space, made if there is none. */
export async function ensureSpace(db: Queryable, tenantId: string): Promise<string | undefined> {
  await db.query(
    `with space as (
        insert into entities (id, tenant_id, entity_type, entity_slug, state)
        select $1::uuid, tenants.id, 'space', slug, 'active' from tenants
          where id = $2 and not exists (
            select from entities where tenant_id = $2 and entity_type = 'space')
        on conflict do nothing returning id, tenant_id, entity_slug)
      insert into matrix_rooms (entity, alias)
      select id, $3::text || entity_slug ||
          case when exists (select from matrix_rooms where alias = $3::text || entity_slug)
            then '-' || tenant_id else '' end
        from space`,
    [randomUUID(), tenantId, spaceAliasPrefix],
  );
  const [row] = await db.query<{ id: string }>(
    `select id from entities
      where tenant_id = $1 and entity_type = 'space' and state = 'active'`,
    [tenantId],
  );
  return row?.id;
}
