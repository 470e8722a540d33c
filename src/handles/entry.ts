import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { type HandleEntry, handleEntry } from './entry.store.ts';
import { normaliseHandle } from './rules.ts';

/**
 * Who has a handle or had it.
 *
 * @param typed a handle or a whole Matrix ID
 * @throws AppError `handle_not_found` (404)
 */
export async function requireHandle(
  db: Queryable,
  typed: string,
  serverName: string,
): Promise<HandleEntry> {
  const handle = normaliseHandle(typed, serverName);
  const entry = await handleEntry(db, handle);
  if (entry) return entry;
  throw new AppError('handle_not_found', { message: `Nobody has or had @${handle}.` });
}
