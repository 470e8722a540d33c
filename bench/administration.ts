import { randomBytes } from 'node:crypto';
import { insertClient } from '../src/clients/clients.store.ts';
import { adminScopes } from '../src/clients/scopes.ts';
import type { Database } from '../src/database/database.ts';
import type { Site } from './driver.ts';
import type { Flow } from './measure.ts';
import { clientOf } from './own.ts';

export const size = { accounts: 100_000, rooms: 10_000, audit: 1_000_000 };

/** The lists of administrators, each as it is opened, and one from far within. */
export const lists: readonly { name: string; path: string; deep?: boolean }[] = [
  { name: 'accounts', path: '/accounts' },
  { name: 'accounts by name', path: '/accounts?sort=name' },
  { name: 'accounts, page 500', path: '/accounts?limit=200', deep: true },
  { name: 'accounts found', path: '/accounts?search=listed4711' },
  { name: 'rooms', path: '/rooms' },
  { name: 'audit', path: '/audit' },
  { name: 'audit of one action', path: '/audit?action=account.signed_in' },
  { name: 'audit of one target', path: '/audit?target=listed' },
];

/** @returns how to ask for a list */
export async function administrationFlow(
  { site, own }: { site: Site; own: Database },
  list: (typeof lists)[number],
  token: string,
): Promise<Flow> {
  const headers = { authorization: `Bearer ${token}` };
  const ask = async (path: string) => {
    const { status, body } = await site.fetch(`/admin/api/v1${path}`, { headers });
    if (status !== 200) throw new Error(`${path} ${status}: ${body.slice(0, 200)}`);
    return JSON.parse(body) as { items: unknown[]; next: string | null };
  };
  const after = list.deep ? `&after=${await farWithin(own)}` : '';
  return async () => {
    const { items } = await ask(`${list.path}${after}`);
    if (items.length === 0) throw new Error(`${list.path} is empty`);
  };
}

/** The mark before the last page, as the list would give it after hundreds of pages. */
async function farWithin(own: Database): Promise<string> {
  const [row] = await own.query<{ at: string; id: string }>(
    `select created_at::text as at, id::text from accounts
      where status <> 'deleted' order by created_at, id offset 300 limit 1`,
  );
  return Buffer.from(JSON.stringify(['-createdAt', row?.at, row?.id])).toString('base64url');
}

/** A token of a program that may see everything. */
export async function administratorToken(
  { site, own }: { site: Site; own: Database },
  secretHash: (secret: string) => string,
): Promise<string> {
  const id = 'bench-administrator';
  const secret = randomBytes(24).toString('base64url');
  await insertClient(own, {
    ...clientOf(id, secretHash(secret)),
    redirectUris: [],
    grantTypes: ['client_credentials'],
    scopes: [...adminScopes.keys()],
  });
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const { status, body } = await site.post(
    '/oidc/token',
    { grant_type: 'client_credentials', scope: 'admin:read' },
    { authorization },
  );
  if (status !== 200) throw new Error(`token ${status}: ${body}`);
  return JSON.parse(body).access_token;
}

/** People, rooms and history as of a deployment that is years old. */
export async function fillLists(own: Database): Promise<void> {
  const tenant = '(select id from tenants where is_default)';
  for (const statement of [
    `insert into accounts (id, tenant_id, name, created_at)
      select gen_random_uuid(), ${tenant}, 'Listed ' || number, now() - number * interval '1 minute'
      from generate_series(1, ${size.accounts}) as number`,
    `insert into handles (handle, account_id, tenant_id, state)
      select 'listed' || row_number() over (), id, tenant_id, 'active' from accounts
      where name like 'Listed %'`,
    `with made as (
        insert into entities (id, tenant_id, entity_type, entity_slug, state, created_at)
        select gen_random_uuid(), ${tenant}, 'event', 'listed-' || number, 'active',
          now() - number * interval '1 minute'
        from generate_series(1, ${size.rooms}) as number returning id)
      insert into matrix_rooms (entity, room_id) select id, '!' || id || ':bench.test' from made`,
    `insert into audit (at, tenant_id, actor, action, target, outcome)
      select now() - number * interval '1 second', ${tenant}, 'nobody',
        (array['account.signed_in', 'account.signed_out', 'session.ended', 'consent.given'])[1 + number % 4],
        case when number % 5000 = 0 then 'listed' end, 'success'
      from generate_series(1, ${size.audit}) as number`,
  ]) {
    await own.dataSource.query(statement);
  }
  await own.dataSource.query('vacuum analyze accounts, handles, entities, matrix_rooms, audit');
}
