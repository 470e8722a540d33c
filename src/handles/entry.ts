import type { Cli } from '../cli/run.ts';
import { AppError } from '../errors.ts';
import { type Availability, checkHandle } from './availability.ts';
import { type HandleEntry, handleEntry } from './entry.store.ts';
import { handlePolicy } from './policy.ts';
import { normaliseHandle } from './rules.ts';

export async function check({ config, database }: Cli, typed: string): Promise<Availability> {
  const policy = handlePolicy({ serverName: config.matrix.serverName, ...config.handles });
  return checkHandle(database, typed, policy);
}

/** @throws AppError `handle_not_found` (404) */
export async function show({ config, database }: Cli, typed: string): Promise<HandleEntry> {
  const handle = normaliseHandle(typed, config.matrix.serverName);
  const entry = await handleEntry(database, handle);
  if (entry) return entry;
  throw new AppError('handle_not_found', { message: `Nobody has or had @${handle}.` });
}
