import type { AdapterPayload } from 'oidc-provider';
import type { Queryable } from '../database/database.ts';
import { endHandOffs } from '../handoff/tickets.store.ts';

/** The account behind a session or token, as far as claims and checks need it. */
export type Subject = {
  id: string;
  tenantId: string;
  tenantSlug: string;
  tenantDomain: string | null;
  name: string;
  email: string | null;
  emailVerified: boolean;
  picture: string | null;
  locale: string | null;
  roles: string[];
  groups: string[];
  handle: string | null;
  matrixAccess: 'active' | 'revoked';
  /** Whether its tenant wants a proved address, and it has none. */
  lacksEmail: boolean;
  updatedAt: number;
};

export type ArtifactRow = {
  payload: AdapterPayload;
  consumedAt: number | null;
  /** Null where there is no account, or where it or its tenant is no longer active. */
  subject: Subject | null;
};

/** A token or code with what the library asks for next: its Grant and its Session. */
export type TokenRow = ArtifactRow & {
  grant: AdapterPayload | null;
  session: AdapterPayload | null;
  /** False when the client was disabled or no longer serves the account's tenant. */
  clientServes: boolean;
};

export type SessionRow = ArtifactRow & { grants: Record<string, AdapterPayload> | null };

export type NewArtifact = {
  id: string;
  model: string;
  payload: AdapterPayload;
  accountId?: string;
  clientId?: string;
  grantId?: string;
  sessionUid?: string;
  uid?: string;
  userCode?: string;
  /** Seconds from now. */
  expiresIn: number;
  /** Fingerprint of the network that left it, while nobody has acted on it: column `untouched_by`. */
  anonymousFrom?: string;
};

const subject = (id: string) => `(
  select json_build_object(
    'id', c.id, 'tenantId', t.id, 'tenantSlug', t.slug, 'name', c.name, 'email', c.email,
    'emailVerified', c.email_verified, 'picture', c.picture, 'locale', c.locale,
    'roles', c.roles, 'groups', c.groups, 'matrixAccess', c.matrix_access, 'handle', h.handle,
    'lacksEmail', t.email_required and c.email_key is null,
    'tenantDomain', (select d.domain from tenant_domains d where d.tenant_id = t.id and d.is_primary),
    'updatedAt', extract(epoch from c.updated_at)::bigint)
  from accounts c
  join tenants t on t.id = c.tenant_id and t.status = 'active'
  left join handles h on h.account_id = c.id and h.state = 'active'
  where c.id = ${id} and c.status = 'active') as subject`;

const consumedAt = 'extract(epoch from a.consumed_at)::float8 as "consumedAt"';

const findPlain = `select a.payload, ${consumedAt}, null as subject
  from oidc_artifacts a where a.id = $1`;

const findToken = `select a.payload, ${consumedAt}, ${subject('a.account_id')},
    (select g.payload from oidc_artifacts g where g.id = a.grant_id) as grant,
    (select s.payload from oidc_artifacts s where s.uid = a.session_uid) as session,
    exists (
      select from clients k where k.id = a.client_id and k.disabled_at is null
        and (a.account_id is null or k.all_tenants or exists (
          select from client_tenants ct join accounts c on c.tenant_id = ct.tenant_id
          where ct.client_id = k.id and c.id = a.account_id))) as "clientServes"
  from oidc_artifacts a where a.id = $1`;

const findSession = `select a.payload, ${consumedAt}, ${subject('a.account_id')},
    (select json_object_agg(g.id, g.payload)
      from jsonb_each(coalesce(a.payload->'authorizations', '{}')) z
      join oidc_artifacts g on g.id = z.value->>'grantId') as grants
  from oidc_artifacts a where a.id = $1`;

/**
 * One row each, by primary key. Losing the newest of these in a power failure costs the person one
 * more click, so they do not wait for the disk; what is consumed or revoked always does.
 */
const write = `with relaxed as (select set_config('synchronous_commit', 'off', true))
  insert into oidc_artifacts (id, model, payload, account_id, tenant_id, client_id, grant_id,
    session_uid, uid, user_code, expires_at, untouched_by)
  select $1, $2, $3, $4::uuid, (select tenant_id from accounts where id = $4::uuid), $5, $6, $7,
    $8::text, $9,
    now() + make_interval(secs => $10), $11 from relaxed
  on conflict (id) do update set payload = excluded.payload, account_id = excluded.account_id,
    tenant_id = excluded.tenant_id, client_id = excluded.client_id, grant_id = excluded.grant_id,
    session_uid = excluded.session_uid,
    user_code = coalesce(excluded.user_code, oidc_artifacts.user_code),
    expires_at = excluded.expires_at, untouched_by = excluded.untouched_by`;

/** Says how many of that network there were before, as far as it matters. */
const writeAnonymous = `${write} returning (select count(*)::int from (
  select from oidc_artifacts where untouched_by = $11 limit $12) others) as others`;

/** A session is written with where it came from, which is shown to its owner on the account page. */
const writeSession = write.replace(
  'with relaxed as',
  `with origin as (
    insert into session_origins (session_uid, account_id, user_agent, address)
    select $8, $4::uuid, $12, $13 where $4::uuid is not null
    on conflict (session_uid) do update set account_id = excluded.account_id),
  relaxed as`,
);

async function first<Row>(rows: Promise<Row[]>): Promise<Row | undefined> {
  return (await rows)[0];
}

export function findArtifact(db: Queryable, id: string) {
  return first(db.query<ArtifactRow>(findPlain, [id]));
}

export function findTokenArtifact(db: Queryable, id: string) {
  return first(db.query<TokenRow>(findToken, [id]));
}

export function findSessionArtifact(db: Queryable, id: string) {
  return first(db.query<SessionRow>(findSession, [id]));
}

export function findSessionByUid(db: Queryable, uid: string) {
  return first(
    db.query<ArtifactRow>(
      `select a.payload, ${consumedAt}, ${subject('a.account_id')}
        from oidc_artifacts a where a.uid = $1`,
      [uid],
    ),
  );
}

export function findByUserCode(db: Queryable, userCode: string) {
  return first(
    db.query<ArtifactRow & { id: string }>(
      `select a.id, a.payload, ${consumedAt}, null as subject
        from oidc_artifacts a where a.user_code = $1`,
      [userCode],
    ),
  );
}

export function findSubject(db: Queryable, accountId: string) {
  return first(db.query<{ subject: Subject | null }>(`select ${subject('$1')}`, [accountId]));
}

export async function writeArtifact(
  db: Queryable,
  artifact: NewArtifact,
  origin?: { userAgent: string; address: string },
): Promise<void> {
  const values = valuesOf(artifact);
  if (!origin) await db.query(write, values);
  else await db.query(writeSession, [...values, origin.userAgent, origin.address]);
}

function valuesOf(artifact: NewArtifact): unknown[] {
  return [
    artifact.id,
    artifact.model,
    artifact.payload,
    artifact.accountId ?? null,
    artifact.clientId ?? null,
    artifact.grantId ?? null,
    artifact.sessionUid ?? null,
    artifact.uid ?? null,
    artifact.userCode ?? null,
    artifact.expiresIn,
    artifact.anonymousFrom ?? null,
  ];
}

/** Keeps what a stranger left. Where that network has left `most` already, its oldest make room. */
export async function writeAnonymousArtifact(
  db: Queryable,
  artifact: NewArtifact & { anonymousFrom: string },
  most: number,
): Promise<void> {
  const values = [...valuesOf(artifact), most + 1];
  const [row] = await db.query<{ others: number }>(writeAnonymous, values);
  if ((row?.others ?? 0) < most) return;
  await removeOldestAnonymous(db, { of: artifact.anonymousFrom, keep: most, batch: 100 });
}

/**
 * Removes the oldest that nobody has acted on, with the sign-ins that were opened by them.
 *
 * @param of a network; all together without it
 * @returns how many went
 */
export async function removeOldestAnonymous(
  db: Queryable,
  { of, keep, batch }: { of?: string; keep: number; batch: number },
): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `with oldest as (
      select id from oidc_artifacts where untouched_by ${of ? '= $3' : 'is not null'}
      order by created_at desc offset $1 limit $2),
    gone as (
      delete from oidc_artifacts where id in (
        select id from oidc_artifacts where id in (select id from oldest)
          and untouched_by is not null for update skip locked) returning id),
    ended as (delete from sign_ins where id in (select id from gone))
    select count(*)::int from gone`,
    of ? [keep, batch, of] : [keep, batch],
  );
  return row?.count ?? 0;
}

/**
 * What a code began at an application is noted with its end, until the application was told that it
 * is over: see `signOutEverywhere`. At a homeserver it is a device.
 */
const consume = `with used as (
    update oidc_artifacts set consumed_at = now() where id = $1 and consumed_at is null
    returning id, model, account_id, client_id, session_uid, payload->>'sid' as sid),
  begun as (
    insert into client_sessions (client_id, sid, account_id, session_uid)
    select used.client_id, sid, account_id, session_uid from used
    join clients c on c.id = used.client_id and c.backchannel_logout_uri is not null
    where model in ('AuthorizationCode', 'DeviceCode') and sid is not null
      and account_id is not null and session_uid is not null
    on conflict (client_id, sid) do update set signed_in_at = now()),
  device as (
    insert into matrix_devices (account_id)
    select account_id from used join clients c on c.id = used.client_id and c.idp_id is not null
    where model = 'AuthorizationCode' and account_id is not null
    on conflict do nothing)
  select id from used`;

/** @returns false when somebody else consumed it first, or it is gone */
export async function consumeArtifact(db: Queryable, id: string): Promise<boolean> {
  const rows = await db.query<{ id: string }>(consume, [id]);
  return rows.length === 1;
}

export async function removeArtifact(db: Queryable, id: string): Promise<void> {
  await db.query('delete from oidc_artifacts where id = $1', [id]);
}

/** The Grant and everything issued under it. */
export async function removeGrant(db: Queryable, grantId: string): Promise<void> {
  await db.query('delete from oidc_artifacts where grant_id = $1 or id = $1', [grantId]);
}

/**
 * Ends every session of an account with all its tokens and all that is on the way to one, except a
 * session that may go on.
 */
export async function endSessions(
  db: Queryable,
  accountId: string,
  keep?: { sessionUid: string },
): Promise<void> {
  await db.query(
    `delete from oidc_artifacts where account_id = $1
      and ($2::text is null or (uid is distinct from $2 and session_uid is distinct from $2
        and id not in (select z.value->>'grantId' from oidc_artifacts s,
          jsonb_each(coalesce(s.payload->'authorizations', '{}')) z where s.uid = $2)))`,
    [accountId, keep?.sessionUid ?? null],
  );
  await db.query(
    `delete from session_origins where account_id = $1
      and session_uid is distinct from $2`,
    [accountId, keep?.sessionUid ?? null],
  );
  // Whoever proved the address before must not go on from there: neither with the step that waits
  // for them, nor with the account that they made and have not set a password for.
  await db.query(
    `delete from sign_ins where account_id = $1 or (proved_at is not null
      and email_key = (select email_key from accounts where id = $1))`,
    [accountId],
  );
  await endHandOffs(db, accountId);
}

/**
 * Removes what expired longer ago than any clock tolerance, a batch at a time.
 *
 * @returns how many rows went
 */
export async function removeExpiredArtifacts(db: Queryable, batch = 1000): Promise<number> {
  const rows = await db.query<{ id: string }>(
    `delete from oidc_artifacts where id in (
      select id from oidc_artifacts where expires_at < now() - interval '1 minute'
      limit $1 for update skip locked) returning id`,
    [batch],
  );
  return rows.length;
}
