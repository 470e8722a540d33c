import type { Queryable } from '../database/database.ts';

export async function isReachable(db: Queryable): Promise<boolean> {
  try {
    await db.query('select 1');
    return true;
  } catch {
    return false;
  }
}
