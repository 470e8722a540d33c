import type { Queryable } from '../database/database.ts';

/**
 * Takes from an account's audit rows what says who the person was: address and detail. That it
 * happened, when, and to which id stays.
 */
export async function pseudonymiseAudit(
  tx: Queryable,
  { tenantId, accountId }: { tenantId: string; accountId: string },
): Promise<void> {
  await setAuditUpkeep(tx, 'on');
  await tx.query(
    `with erased as (
        update audit set address = null, detail = '{}'
          where target = $2 or (actor = $2 and (tenant_id = $1 or tenant_id is null))
          returning id)
      update audit_sealed set address_salt = null, detail_salt = null
        where audit_id in (select id from erased)`,
    [tenantId, accountId],
  );
  await setAuditUpkeep(tx, 'off');
}

/** For this transaction only. */
async function setAuditUpkeep(tx: Queryable, state: 'on' | 'off'): Promise<void> {
  await tx.query(`select set_config('openmeet.audit_upkeep', $1, true)`, [state]);
}

/**
 * What else is known of a person who leaves: who they are elsewhere, and rows that know them by their
 * address alone, as those of a sign-up do. Those of another community, where the address may live on, stay.
 */
export async function forgetPerson(
  tx: Queryable,
  { id, tenantId, emailKey }: { id: string; tenantId: string; emailKey: string | null },
): Promise<void> {
  for (const statement of ofAccount) await tx.query(statement, [id]);
  if (emailKey === null) return;
  for (const statement of ofAddress) await tx.query(statement, [tenantId, emailKey]);
}

const ofAccount = [
  'delete from identities where account_id = $1',
  'delete from upstream_sessions where account_id = $1',
  'delete from upstream_requests where account_id = $1',
  'delete from totp_credentials where account_id = $1',
  'delete from recovery_codes where account_id = $1',
  'delete from passkeys where account_id = $1',
  // Of the pictures that Matrix had from elsewhere: their addresses say where.
  `update matrix_users set avatar_source = null, avatar_mxc = null, avatar_pending = null
    where account_id = $1`,
  // Only where it is used up: an invitation without an address is anybody's.
  `update invitations set email = null, email_key = null
    where uses_left = 0 and id in (
      select invitation_id from invitation_uses where account_id = $1)`,
];

const ofAddress = [
  `delete from email_codes where email_key = $2
    and (tenant_id = $1 or tenant_id is null or consumed_at is not null)`,
  'delete from sign_ins where email_key = $2 and (tenant_id = $1 or tenant_id is null)',
  `delete from sign_up_requests where tenant_id = $1 and lower(email) = $2`,
  'delete from guests where tenant_id = $1 and email_key = $2',
  `update invitations set email = null, email_key = null where tenant_id = $1 and email_key = $2
    and (uses_left = 0 or revoked_at is not null or expires_at <= now())`,
];
