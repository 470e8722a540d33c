import type { Queryable, Transaction } from '../database/database.ts';
import type { AuditAction } from './actions.ts';

/** What an audit row says. Ids only: names, mail addresses and secrets never come here. */
export type AuditEvent = {
  action: AuditAction;
  /** An account id, a client id, `operator` or `system`; `nobody` before anyone is known. */
  actor: string;
  outcome?: 'success' | 'failure';
  tenantId?: string | null;
  target?: string | null;
  clientId?: string | null;
  detail?: Record<string, string | number | boolean | null>;
};

/** @param request from which it happened, if from one */
export async function insertEvent(
  db: Queryable,
  event: AuditEvent,
  request: { address: string; requestId: string } | undefined,
): Promise<void> {
  await db.query(
    `insert into audit
      (tenant_id, actor, action, target, client_id, address, outcome, request_id, detail)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      event.tenantId ?? null,
      event.actor,
      event.action,
      event.target ?? null,
      event.clientId ?? null,
      request?.address ?? null,
      event.outcome ?? 'success',
      request?.requestId ?? null,
      JSON.stringify(event.detail ?? {}),
    ],
  );
}

/** Lets this transaction, and no other, remove or clear rows. */
export async function allowUpkeep(tx: Transaction): Promise<void> {
  await tx.query(`select set_config('openmeet.audit_upkeep', 'on', true)`);
}

/** @returns how many rows went, at most a batch */
export async function deleteRowsOlderThan(
  tx: Transaction,
  days: number,
  batch: number,
): Promise<number> {
  const rows = await tx.query(
    `delete from audit where id in (select id from audit
      where at < now() - make_interval(days => $1) order by at limit $2 for update skip locked)
      returning id`,
    [days, batch],
  );
  return rows.length;
}

/** @returns how many rows lost their address, at most a batch */
export async function clearAddressesOlderThan(
  tx: Transaction,
  days: number,
  batch: number,
): Promise<number> {
  // Without its salt the commitment of a seal tells nothing of an address any more.
  const rows = await tx.query(
    `with cleared as (
        update audit set address = null where id in (select id from audit
          where at < now() - make_interval(days => $1) and address is not null
          order by at limit $2 for update skip locked)
        returning id),
      forgotten as (
        update audit_sealed set address_salt = null
          where audit_id in (select id from cleared))
      select id from cleared`,
    [days, batch],
  );
  return rows.length;
}
