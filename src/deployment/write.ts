import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import type { DeploymentFiles } from './files.ts';

/**
 * Writes them all or, where one exists, none: it may hold a secret that is in use.
 *
 * The directory `secrets` keeps strangers out. The files in it can be read, because each container
 * reads its own under an account of its own (Synapse's is 991).
 *
 * @throws AppError `file_exists` (409), `file_unwritable`
 */
export function writeFiles(directory: string, files: DeploymentFiles): void {
  const present = Object.keys(files).filter((path) => existsSync(join(directory, path)));
  if (present.length > 0) {
    throw new AppError('file_exists', {
      message: `There is a deployment here already: ${present.join(', ')}. Move it away first, or give another --directory.`,
    });
  }
  try {
    mkdirSync(join(directory, 'secrets'), { recursive: true });
    chmodSync(join(directory, 'secrets'), 0o700);
    for (const [path, text] of Object.entries(files)) {
      const file = join(directory, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: 'wx' });
      // Whatever the umask: the service behind it reads as somebody else.
      chmodSync(file, 0o644);
    }
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException;
    throw new AppError('file_unwritable', {
      message: `${path ?? directory} cannot be written (${code}).`,
      cause,
    });
  }
}

/**
 * Writes one file that its owner alone can read. What is there already may be in use, and stays.
 *
 * @throws AppError `file_exists` (409), `file_unwritable`
 */
export async function writePrivately(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const exists = code === 'EEXIST';
    throw new AppError(exists ? 'file_exists' : 'file_unwritable', {
      message: exists
        ? `${path} exists already: move it away first.`
        : `${path} cannot be written (${code}).`,
      cause,
    });
  }
}
