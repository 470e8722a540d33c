import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The secret kept in DATA_DIR/secrets under this name, made on first use. Only the owner may read
 * it. Of several processes that start at once, all get the same one.
 */
export function keptSecret(dataDir: string, name: string, make: () => string): string {
  const directory = join(dataDir, 'secrets');
  const path = join(directory, name);
  const kept = readIfThere(path);
  if (kept !== undefined) return kept;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  // Written whole under another name, then linked: link() fails where a file is there already.
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, `${make()}\n`, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(path, 'utf8').trim();
}

/** A key that seals the secrets of a development database. */
export function developmentKeys(dataDir: string): string {
  return keptSecret(dataDir, 'encryption-keys', () => randomBytes(32).toString('base64'));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
