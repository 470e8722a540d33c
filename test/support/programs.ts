import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** `/usr/sbin` is where Debian keeps servers; few have it on their PATH. */
const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];

/**
 * A program of the system.
 * @throws Error that says in one line how to get it
 */
export function programPath(name: string, debianPackage = name): string {
  for (const directory of directories) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // In the next one, perhaps.
    }
  }
  throw new Error(`${name} is missing: apt-get install ${debianPackage}`);
}
