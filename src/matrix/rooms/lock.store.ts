import type { Database, Queryable } from '../../database/database.ts';

/**
 * Runs `work` while nobody else works on the room, over all workers. The lock is the session's, so
 * that it ends with a worker that dies; a host that vanishes is noticed after ten seconds. `work`
 * gets that session: a second connection might never come.
 *
 * @returns false, without having run it, when somebody else is at it
 */
export async function withRoomLock(
  database: Database,
  room: string,
  work: (db: Queryable) => Promise<void>,
): Promise<boolean> {
  const client = await database.pool.connect();
  let broken: Error | undefined;
  const noteError = (error: Error) => {
    broken = error;
  };
  client.on('error', noteError);
  const db: Queryable = {
    afterCommit: (later) => {
      const work = () => database.afterCommit(later);
      const waiting = afterwards.get(db);
      if (waiting) waiting.push(work);
      else work();
    },
    query: async <Row>(text: string, values: readonly unknown[] = []) =>
      (await client.query(text, [...values])).rows as Row[],
  };
  const lock = [`sync-room:${room}`];
  try {
    const [row] = await db.query<{ locked: boolean }>(
      `select pg_try_advisory_lock(hashtextextended($1, 0)) as locked,
        set_config('tcp_keepalives_idle', '4', false),
        set_config('tcp_keepalives_interval', '2', false),
        set_config('tcp_keepalives_count', '3', false)`,
      lock,
    );
    if (!row?.locked) return false;
    try {
      await work(db);
    } finally {
      await db.query('select pg_advisory_unlock(hashtextextended($1, 0))', lock).catch(noteError);
    }
    return true;
  } finally {
    client.off('error', noteError);
    client.release(broken);
  }
}

/** What is to be done after the commit of a session that is in a transaction. */
const afterwards = new WeakMap<Queryable, (() => void)[]>();

/** All or nothing, on a session of `withRoomLock` that is in no transaction. */
export async function atomically<T>(db: Queryable, work: () => Promise<T>): Promise<T> {
  const waiting: (() => void)[] = [];
  await db.query('begin');
  afterwards.set(db, waiting);
  try {
    const result = await work();
    await db.query('commit');
    for (const later of waiting) later();
    return result;
  } catch (error) {
    await db.query('rollback').catch(() => {});
    throw error;
  } finally {
    afterwards.delete(db);
  }
}
