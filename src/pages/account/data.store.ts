import type { Queryable } from '../../database/database.ts';

export type TermsRow = { version: string; acceptedAt: Date };

export function termsAcceptedBy(db: Queryable, accountId: string): Promise<TermsRow[]> {
  return db.query(
    `select version, accepted_at as "acceptedAt" from terms_acceptances
      where account_id = $1 order by accepted_at`,
    [accountId],
  );
}

export function passkeysOf(db: Queryable, accountId: string): Promise<object[]> {
  return db.query(
    `select name, created_at as "createdAt", last_used_at as "lastUsedAt", is_synced as "isSynced"
      from passkeys where account_id = $1 order by created_at`,
    [accountId],
  );
}

export type EventRow = {
  at: Date;
  action: string;
  outcome: string;
  by: 'you' | 'somebody else';
  application: string | null;
  address: string | null;
};

/** What was done by or to an account. Whoever else did it stays unnamed, with their address. */
export function eventsAbout(db: Queryable, accountId: string): Promise<EventRow[]> {
  return db.query(
    `select at, action, outcome, client_id as application,
        case when actor = $1 then 'you' else 'somebody else' end as by,
        case when actor = $1 then address end as address
      from audit where target = $1 or actor = $1 order by at, id`,
    [accountId],
  );
}

/** Entities that the person belongs to, or did, by account or by their slug on the platform. */
export function membershipsOf(db: Queryable, accountId: string): Promise<object[]> {
  return db.query(
    `select e.entity_type as "entityType", e.entity_slug as "entitySlug", e.name,
        m.role, m.power_level as "powerLevel", m.occurred_at as "since",
        m.awaiting_confirmation as "awaitingConfirmation"
      from accounts a
      join memberships m on m.account_id = a.id or m.member = 'account:' || a.id
        or (m.member_tenant_id = a.tenant_id and m.member = a.platform_slug)
      join entities e on e.id = m.room
      where a.id = $1 order by m.occurred_at, e.id`,
    [accountId],
  );
}

/** Those that the person came by, and those that wait for their address. */
export function invitationsOf(db: Queryable, accountId: string): Promise<object[]> {
  return db.query(
    `select i.email, i.handle, i.created_at as "createdAt", i.expires_at as "expiresAt",
        i.revoked_at as "revokedAt", u.used_at as "usedAt"
      from accounts a
      join invitations i on i.tenant_id = a.tenant_id
      left join invitation_uses u on u.invitation_id = i.id and u.account_id = a.id
      where a.id = $1 and (u.account_id is not null or i.email_key = a.email_key)
      order by i.created_at, i.id`,
    [accountId],
  );
}

/** What platforms know of the person as their guest, until the person next signs in. */
export function guestsOf(db: Queryable, accountId: string): Promise<object[]> {
  return db.query(
    `select g.email, g.name, g.platform_user_id as "platformUserId",
        g.platform_slug as "platformSlug", g.created_by as "createdBy", g.created_at as "createdAt"
      from accounts a join guests g on g.tenant_id = a.tenant_id and g.email_key = a.email_key
      where a.id = $1`,
    [accountId],
  );
}

/** Accounts that became part of this one, and what is under way to that. */
export function mergesOf(db: Queryable, accountId: string): Promise<object[]> {
  return db.query(
    `select at, detail->>'other' as "otherAccountId", 'merged' as state
        from audit where action = 'account.merged' and target = $1::text
      union all
      select created_at, other_account_id::text, 'begun' from account_merges
        where consumed_at is null and $1::uuid in (account_id, other_account_id)
      order by at`,
    [accountId],
  );
}

/** Browsers that are known to have signed in: each has a cookie, of which only a fingerprint is kept. */
export function browsersOf(db: Queryable, accountId: string): Promise<{ lastSeenAt: Date }[]> {
  return db.query(
    `select last_seen_at as "lastSeenAt" from known_browsers where account_id = $1
      order by last_seen_at`,
    [accountId],
  );
}
