import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The name under which this process makes `path`, to be renamed when it is whole. What processes
 * that were killed left of theirs is removed.
 */
export function draftOf(path: string): string {
  const prefix = `${basename(path)}.draft-`;
  for (const name of readdirSync(dirname(path)).filter((entry) => entry.startsWith(prefix))) {
    const owner = Number(name.slice(prefix.length));
    if (owner !== process.pid && isAlive(owner)) continue;
    rmSync(join(dirname(path), name), { recursive: true, force: true });
  }
  return join(dirname(path), `${prefix}${process.pid}`);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
