import type { Transaction } from '../database/database.ts';

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
