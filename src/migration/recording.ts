import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultTenant } from '../tenants/tenants.store.ts';
import type { Change } from './change.ts';
import { RollbackFile } from './rollback-file.ts';
import type { Target } from './target.ts';

/** Where changes are told before they are made. */
export type Recording = { append(changes: readonly Change[]): Promise<void> };

export type RecordingOptions = { rollbackFile?: string };

/**
 * Does work that is to be undone by a file.
 *
 * @returns what it returned, and the file's path, if anything was changed
 * @throws AppError `rollback_file_exists` (409), `rollback_file_unwritable`: before anything is done
 */
export async function recorded<T>(
  target: Target,
  command: string,
  { rollbackFile }: RecordingOptions,
  work: (recording: Recording) => Promise<T>,
): Promise<{ result: T; path: string | undefined }> {
  const at = new Date().toISOString();
  const name = `${command.replaceAll(' ', '-')}-${at.replaceAll(':', '')}-${process.pid}.jsonl`;
  const directory = join(target.config.dataDir, 'rollback');
  if (!rollbackFile) await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = rollbackFile ?? join(directory, name);
  const file = await RollbackFile.create(path, {
    of: command,
    at,
    installation: await installationOf(target),
  });
  let result: T;
  try {
    result = await work(file);
  } catch (error) {
    const kept = await file.close();
    if (kept) console.error(`What was changed until then can be undone by: ${kept}`);
    throw error;
  }
  return { result, path: await file.close() };
}

/** Tells databases apart: changes of one mean nothing in another. */
export async function installationOf({ database }: Pick<Target, 'database'>): Promise<string> {
  return (await defaultTenant(database))?.id ?? '';
}
