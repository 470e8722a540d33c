import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';

const stopProgram = join(import.meta.dirname, 'stop-unused-server.ts');

/** Waits until its input ends, which it does however the process at the other end came to its own. */
const script = 'read -r _; exec "$0" "$1" "$2"';

export interface Watch {
  /** To be called by a process that has left in order. */
  end(): void;
}

/**
 * A shell, outside of our group and terminal, that stops the embedded server for a process that is
 * killed before it can, unless others use the server. A shell takes less than a megabyte while it
 * waits.
 */
export function watchOverServer(dataDir: string): Watch {
  const shell = spawn('/bin/sh', ['-c', script, process.execPath, stopProgram, dataDir], {
    cwd: '/',
    env: {},
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without it all works but for that one case.
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.unref();
  (shell.stdin as Socket).unref();
  return { end: () => shell.kill('SIGKILL') };
}
