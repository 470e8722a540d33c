import { IsNull } from 'typeorm';
import { columnsOf } from '../database/columns.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { type Invitation, invitationEntity } from './invitation.entity.ts';

export type { Invitation } from './invitation.entity.ts';

export type NewInvitation = Pick<
  Invitation,
  'id' | 'tenantId' | 'uses' | 'email' | 'emailKey' | 'handle' | 'createdBy'
> & {
  /** Its fingerprint. */
  token: string;
  seconds: number;
};

/** Of `invitations i` and their tenants `t`. */
export const invitationColumns = `${columnsOf(invitationEntity, 'i')}, t.slug as tenant,
  case when i.revoked_at is not null then 'revoked' when i.uses_left = 0 then 'used_up'
    when i.expires_at <= now() then 'expired' else 'open' end as state`;

export async function insertInvitation(tx: Transaction, made: NewInvitation): Promise<void> {
  await tx.query(
    `insert into invitations
      (id, tenant_id, token, uses, uses_left, email, email_key, handle, created_by, expires_at)
      values ($1, $2, $3, $4, $4, $5, $6, $7, $8, now() + make_interval(secs => $9))`,
    [
      made.id,
      made.tenantId,
      made.token,
      made.uses,
      made.email,
      made.emailKey,
      made.handle,
      made.createdBy,
      made.seconds,
    ],
  );
}

export async function invitationById(db: Queryable, id: string): Promise<Invitation | undefined> {
  const [row] = await db.query<Invitation>(
    `select ${invitationColumns} from invitations i join tenants t on t.id = i.tenant_id where i.id = $1`,
    [id],
  );
  return row;
}

/** @param token its fingerprint */
export async function invitationByToken(
  db: Queryable,
  token: string,
): Promise<Invitation | undefined> {
  const [row] = await db.query<Invitation>(
    `select ${invitationColumns} from invitations i join tenants t on t.id = i.tenant_id where i.token = $1`,
    [token],
  );
  return row;
}

/** Newest first; of all tenants where `tenantId` is null. */
export function listInvitations(db: Queryable, tenantId: string | null): Promise<Invitation[]> {
  return db.query(
    `select ${invitationColumns} from invitations i join tenants t on t.id = i.tenant_id
      where $1::uuid is null or i.tenant_id = $1 order by i.created_at desc, i.id`,
    [tenantId],
  );
}

/**
 * Takes one use of an invitation, if it still has one for this person in this tenant. Those who want
 * the last one wait for each other here, and one of them gets it.
 */
export async function takeUse(
  tx: Transaction,
  wanted: { id: string; tenantId: string; emailKey: string },
): Promise<boolean> {
  const rows = await tx.query(
    `update invitations set uses_left = uses_left - 1
      where id = $1 and tenant_id = $2 and (email_key is null or email_key = $3)
        and uses_left > 0 and expires_at > now() and revoked_at is null
      returning id`,
    [wanted.id, wanted.tenantId, wanted.emailKey],
  );
  return rows.length > 0;
}

export async function insertUse(
  tx: Transaction,
  use: { invitationId: string; accountId: string },
): Promise<void> {
  await tx.query('insert into invitation_uses (invitation_id, account_id) values ($1, $2)', [
    use.invitationId,
    use.accountId,
  ]);
}

export function usesOf(
  db: Queryable,
  invitationId: string,
): Promise<{ accountId: string; usedAt: Date }[]> {
  return db.query(
    `select account_id as "accountId", used_at as "usedAt" from invitation_uses
      where invitation_id = $1 order by used_at`,
    [invitationId],
  );
}

/** False where it was revoked before, or there is none. */
export async function markRevoked(tx: Transaction, id: string): Promise<boolean> {
  const { affected } = await tx.manager
    .getRepository(invitationEntity)
    .update({ id, revokedAt: IsNull() }, { revokedAt: () => 'now()' });
  return affected === 1;
}
