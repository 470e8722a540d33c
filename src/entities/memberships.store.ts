import type { Queryable } from '../database/database.ts';
import { instant } from './instant.store.ts';
import type { Instant } from './instant.ts';
import type { MemberState } from './statements.ts';

/** One person and one room. */
export type MemberKey = {
  room: string;
  memberTenantId: string;
  /** The platform's slug, or `account:` and an id. */
  member: string;
};

export type Membership = MemberKey &
  MemberState & {
    accountId: string | null;
    /** A guest's, which the person they turned out to be has not yet claimed. */
    awaitingConfirmation: boolean;
  };

type Row = Omit<Membership, 'stamp'> & {
  sequence: number | null;
  occurredAt: Instant;
  eventId: string;
};

const columns = `m.room, m.member_tenant_id as "memberTenantId", m.member,
  m.account_id as "accountId", m.role, m.power_level as "powerLevel", m.sequence::float8,
  ${instant('m.occurred_at')} as "occurredAt", m.event_id as "eventId",
  m.awaiting_confirmation as "awaitingConfirmation"`;

/** Those of these that anything is known of. To be read once their rooms are locked. */
export async function findMemberships(
  tx: Queryable,
  keys: readonly MemberKey[],
): Promise<Membership[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from memberships m
      where (room, member_tenant_id, member) in (
        select * from unnest($1::uuid[], $2::uuid[], $3::text[]))`,
    [keys.map((it) => it.room), keys.map((it) => it.memberTenantId), keys.map((it) => it.member)],
  );
  return rows.map(asMembership);
}

/** All that are known of a room, also those who left. */
export async function allMemberships(tx: Queryable, room: string): Promise<Membership[]> {
  const rows = await tx.query<Row>(`select ${columns} from memberships m where room = $1`, [room]);
  return rows.map(asMembership);
}

/** When the newest statement about anybody was said. */
export async function newestStatementAt(tx: Queryable, room: string): Promise<Instant | null> {
  const [row] = await tx.query<{ last: Instant | null }>(
    `select ${instant('max(occurred_at)')} as last from memberships where room = $1`,
    [room],
  );
  return row?.last ?? null;
}

/** Entities that an account belongs to now, by its slug or its id. */
export async function entitiesOfAccount(tx: Queryable, accountId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select id from entities where state in ('active', 'cancelled') and id in (
      select room from memberships
        join accounts on accounts.id = $1 and (memberships.account_id = accounts.id
          or (member_tenant_id = accounts.tenant_id and member = platform_slug)))`,
    [accountId],
  );
  return rows.map(({ id }) => id);
}

/** Who belongs to a room or is banned from it, in the order of tenant and slug. */
export async function listMembers(
  db: Queryable,
  page: {
    room: string;
    after: readonly [tenantId: string, member: string] | null;
    limit: number;
  },
): Promise<Membership[]> {
  const rows = await db.query<Row>(
    `select ${columns} from memberships m join entities e on e.id = m.room
      where m.room = $1 and m.role is not null and m.occurred_at > e.members_since
        and ($2::uuid is null or (m.member_tenant_id, m.member) > ($2, $3))
      order by m.member_tenant_id, m.member limit $4`,
    [page.room, page.after?.[0] ?? null, page.after?.[1] ?? null, page.limit],
  );
  return rows.map(asMembership);
}

export async function saveMemberships(
  tx: Queryable,
  memberships: readonly Membership[],
): Promise<void> {
  const rows = memberships.map(({ stamp, ...rest }) => ({ ...rest, ...stamp }));
  await tx.query(
    `insert into memberships (room, member_tenant_id, member, account_id, role, power_level,
        sequence, occurred_at, event_id, awaiting_confirmation)
      select room, "memberTenantId", member, "accountId", role, "powerLevel", sequence,
          "occurredAt", "eventId", "awaitingConfirmation"
        from jsonb_to_recordset($1) as given (room uuid, "memberTenantId" uuid, member text,
          "accountId" uuid, role text, "powerLevel" integer, sequence bigint,
          "occurredAt" timestamptz, "eventId" text, "awaitingConfirmation" boolean)
      on conflict (room, member_tenant_id, member) do update set
        account_id = excluded.account_id, role = excluded.role,
        power_level = excluded.power_level, sequence = excluded.sequence,
        occurred_at = excluded.occurred_at, event_id = excluded.event_id,
        awaiting_confirmation = excluded.awaiting_confirmation`,
    [JSON.stringify(rows)],
  );
}

/** Those of the ids that are accounts or guests of the tenant. */
export async function peopleOfTenant(
  db: Queryable,
  tenantId: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>(
    `select id from accounts where tenant_id = $1 and id = any($2::uuid[]) and status <> 'deleted'
      union all select id from guests where tenant_id = $1 and id = any($2::uuid[])`,
    [tenantId, ids],
  );
  return new Set(rows.map(({ id }) => id));
}

function asMembership({ sequence, occurredAt, eventId, ...row }: Row): Membership {
  return { ...row, stamp: { sequence, occurredAt, eventId } };
}
