import type { Queryable } from '../database/database.ts';

/** Of which entities what should be has changed. */
export type Changed = {
  ids?: readonly string[];
  /** All of these tenants, which may be very many. */
  tenantIds?: readonly string[];
  /** All there are. */
  everywhere?: boolean;
};

/** A place where what should be of entities is made so, by a worker. */
export type Backend = {
  /** Queues the work, in the transaction of the change; only for entities that it follows. */
  queue(tx: Queryable, changed: Changed): Promise<void>;
  /** Takes the work back on entities that are no more: nobody would ever do it. */
  unqueue(tx: Queryable, ids: readonly string[]): Promise<void>;
};
