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
    `update audit set address = null, detail = '{}'
      where target = $2 or (actor = $2 and (tenant_id = $1 or tenant_id is null))`,
    [tenantId, accountId],
  );
  await setAuditUpkeep(tx, 'off');
}

/** For this transaction only. */
async function setAuditUpkeep(tx: Queryable, state: 'on' | 'off'): Promise<void> {
  await tx.query(`select set_config('openmeet.audit_upkeep', $1, true)`, [state]);
}

/** Who the person is elsewhere: they may sign up anew with it. */
export async function forgetIdentities(tx: Queryable, accountId: string): Promise<void> {
  await tx.query('delete from identities where account_id = $1', [accountId]);
}

/** To which address the person was invited. Only where it is used up: without one, it is anybody's. */
export async function forgetInvitedAddress(tx: Queryable, accountId: string): Promise<void> {
  await tx.query(
    `update invitations set email = null, email_key = null
      where uses_left = 0 and id in (
        select invitation_id from invitation_uses where account_id = $1)`,
    [accountId],
  );
}
