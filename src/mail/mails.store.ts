import type { MailName } from '../../views/mail-registry.ts';
import type { Queryable } from '../database/database.ts';
import { addJobCall } from '../jobs/enqueue.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { resealMail } from './sealed-mail.ts';

export type NewMail = {
  id: string;
  tenantId: string | null;
  /** The fingerprint of its mailbox. */
  recipient: string;
  template: string;
  sealed: string;
};

/** Told to the owner whatever came before: nobody must be able to use up the cap first. */
const uncapped = [
  'password-changed',
  'email-changed',
  'identity-added',
  'identity-removed',
  'account-deleted',
  'new-sign-in',
] as const satisfies MailName[];

/**
 * Queues the mail unless its mailbox had enough: 5 in 15 minutes, 20 in a day, over all tenants.
 * The lock makes the count exact under concurrency; both ways are the same two statements.
 *
 * @returns whether it was queued
 */
export async function insertMail(tx: Queryable, mail: NewMail): Promise<boolean> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended('mail:' || $1, 0))", [
    mail.recipient,
  ]);
  const rows = await tx.query(
    `with recent as (
        select count(*) filter (where created_at > now() - interval '15 minutes') as quarter,
          count(*) as day
        from mails
        where recipient = $3 and template <> all ($6::text[])
          and created_at > now() - interval '1 day'),
      queued as (
        insert into mails (id, tenant_id, recipient, template, sealed)
        select $1::uuid, $2::uuid, $3, $4, $5 from recent
        where $4 = any ($6::text[]) or (quarter < 5 and day < 20)
        returning id)
      select ${addJobCall('send-mail', { id: 'id' })} from queued`,
    [mail.id, mail.tenantId, mail.recipient, mail.template, mail.sealed, uncapped],
  );
  return rows.length > 0;
}

export type QueuedMail = {
  id: string;
  tenantId: string | null;
  template: string;
  sealed: string;
  createdAt: Date;
};

/** @returns nothing when it was sent already, or removed */
export async function findUnsentMail(db: Queryable, id: string): Promise<QueuedMail | undefined> {
  const [mail] = await db.query<QueuedMail>(
    `select id, tenant_id as "tenantId", template, sealed, created_at as "createdAt"
      from mails where id = $1 and sealed is not null`,
    [id],
  );
  return mail;
}

/** From now on nobody can read what was sent to whom. */
export async function markSent(db: Queryable, id: string): Promise<void> {
  await db.query(
    `update mails set sealed = null, sent_at = now(), given_up_at = null, error = null
      where id = $1`,
    [id],
  );
}

export async function markFailed(
  db: Queryable,
  id: string,
  { error, final }: { error: string; final: boolean },
): Promise<void> {
  await db.query(
    `update mails set error = $2, given_up_at = case when $3::boolean then now() end
      where id = $1`,
    [id, error, final],
  );
}

/** Rows are kept for the caps and for the operator; a mail older than this is of no use to anyone. */
export async function removeOldMails(db: Queryable): Promise<void> {
  await db.query(
    `delete from mails where id in (
      select id from mails where created_at < now() - interval '30 days' limit 5000)`,
  );
}

/** Seals what waits again under the ring's first key. @returns how many changed */
export async function reencryptMails(db: Queryable, ring: KeyRing): Promise<number> {
  const mails = await db.query<QueuedMail>(
    'select id, tenant_id as "tenantId", sealed from mails where sealed is not null',
  );
  const stale = mails.filter(({ sealed }) => !ring.isCurrent(sealed));
  for (const mail of stale) {
    await db.query('update mails set sealed = $2 where id = $1 and sealed is not null', [
      mail.id,
      resealMail(ring, mail, mail.sealed),
    ]);
  }
  return stale.length;
}
