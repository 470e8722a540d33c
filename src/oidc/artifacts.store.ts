import type { AdapterPayload } from 'oidc-provider';
import type { Queryable } from '../database/database.ts';
import { insertClientSession } from './client-sessions.store.ts';
import { type Subject, subjectColumn } from './subjects.store.ts';

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

const consumedAt = 'extract(epoch from a.consumed_at)::float8 as "consumedAt"';

const findPlain = `select a.payload, ${consumedAt}, null as subject
  from oidc_artifacts a where a.id = $1`;

const findToken = `select a.payload, ${consumedAt}, ${subjectColumn('a.account_id')},
    (select g.payload from oidc_artifacts g where g.id = a.grant_id) as grant,
    (select s.payload from oidc_artifacts s where s.uid = a.session_uid) as session,
    exists (
      select from clients k where k.id = a.client_id and k.disabled_at is null
        and (a.account_id is null or k.all_tenants or exists (
          select from client_tenants ct join accounts c on c.tenant_id = ct.tenant_id
          where ct.client_id = k.id and c.id = a.account_id))) as "clientServes"
  from oidc_artifacts a where a.id = $1`;

const findSession = `select a.payload, ${consumedAt}, ${subjectColumn('a.account_id')},
    (select json_object_agg(g.id, g.payload)
      from jsonb_each(coalesce(a.payload->'authorizations', '{}')) z
      join oidc_artifacts g on g.id = z.value->>'grantId') as grants
  from oidc_artifacts a where a.id = $1`;

/**
 * One row each, by primary key. Losing the newest of these in a power failure costs the person one
 * more click, so they do not wait for the disk; what is consumed or revoked always does.
 */
export const upsertArtifact = `with relaxed as (select set_config('synchronous_commit', 'off', true))
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

/** A session is written with where it came from, which is shown to its owner on the account page. */
const writeSession = upsertArtifact.replace(
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
      `select a.payload, ${consumedAt}, ${subjectColumn('a.account_id')}
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

export async function writeArtifact(
  db: Queryable,
  artifact: NewArtifact,
  origin?: { userAgent: string; address: string },
): Promise<void> {
  const values = artifactValues(artifact);
  if (!origin) await db.query(upsertArtifact, values);
  else await db.query(writeSession, [...values, origin.userAgent, origin.address]);
}

export function artifactValues(artifact: NewArtifact): unknown[] {
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

/** What begins by a code is noted with its end: a session at the application, a device at a homeserver. */
const consume = `with used as (
    update oidc_artifacts set consumed_at = now() where id = $1 and consumed_at is null
    returning id, model, account_id, client_id, session_uid, payload->>'sid' as sid),
  begun as (${insertClientSession}),
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
