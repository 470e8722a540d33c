import type { Queryable } from '../database/database.ts';

/**
 * What the button of a homeserver's sign-in says: the name of the community, where the block leads to
 * just one, else of the default one. Operators may have given it another in Synapse's own file.
 *
 * @param clientId of the block
 */
export async function nameOnButton(db: Queryable, clientId: string): Promise<string | undefined> {
  const [row] = await db.query<{ name: string }>(
    `select coalesce(t.branding->>'name', t.name) as name from clients c
      join tenants t on case when not c.all_tenants and
          (select count(*) from client_tenants ct where ct.client_id = c.id) = 1
        then t.id = (select tenant_id from client_tenants ct where ct.client_id = c.id)
        else t.is_default end
      where c.id = $1`,
    [clientId],
  );
  return row?.name;
}

/**
 * The button that brings people of a tenant in: of its own block, else of one for several. Undefined
 * where no homeserver lets them in.
 */
export async function buttonForTenant(
  db: Queryable,
  tenantId: string,
): Promise<string | undefined> {
  const [client] = await db.query<{ id: string }>(
    `select c.id from clients c
      where c.idp_id is not null and c.disabled_at is null and (c.all_tenants or exists (
        select from client_tenants ct where ct.client_id = c.id and ct.tenant_id = $1))
      order by c.all_tenants, (select count(*) from client_tenants ct where ct.client_id = c.id), c.id
      limit 1`,
    [tenantId],
  );
  return client && nameOnButton(db, client.id);
}
