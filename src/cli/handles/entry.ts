import { AppError } from '../../errors.ts';
import { type Availability, checkHandle } from '../../handles/availability.ts';
import { handlePolicy } from '../../handles/policy.ts';
import { normaliseHandle } from '../../handles/rules.ts';
import type { Cli } from '../run.ts';
import { type HandleEntry, handleEntry } from './handles.store.ts';

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
