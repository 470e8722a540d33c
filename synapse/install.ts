import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { root } from './process.ts';

const run = promisify(execFile);
const requirements = join(import.meta.dirname, 'requirements.txt');
const cache = join(root, '.cache/synapse-venv');
const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
const venv = join(cache, version);

/** Whether `installSynapse` has nothing left to download. */
export function isSynapseInstalled(): boolean {
  return existsSync(venv);
}

/**
 * Installs Synapse from PyPI into .cache, once for each content of requirements.txt.
 * @returns the Python that has it
 * @throws Error that says in one line what is missing and how to get it
 */
export async function installSynapse(): Promise<string> {
  if (!isSynapseInstalled()) await withLock(`${venv}.lock`, install);
  return join(venv, 'bin/python');
}

async function install(): Promise<void> {
  if (isSynapseInstalled()) return;
  // Python finds its packages wherever the venv lies, so it appears at its place when it is whole.
  const draft = `${venv}.${randomUUID()}`;
  try {
    await run('python3', ['-m', 'venv', draft]);
    const python = join(draft, 'bin/python');
    await run(python, ['-m', 'pip', 'install', '--quiet', '--prefer-binary', '-r', requirements]);
    await run(python, ['-c', 'import synapse.app.homeserver, authlib']);
    await rename(draft, venv);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw explained(error as Error & { stderr?: string; stdout?: string });
  }
}

function explained(error: Error & { stderr?: string; stdout?: string }): Error {
  const said = `${error.stderr ?? ''}${error.stdout ?? ''}`.trim().split('\n').at(-1);
  return new Error(
    `Synapse could not be installed (${said || error.message}): it needs Python 3.10 or newer with venv (apt-get install python3-venv) and PyPI.`,
    { cause: error },
  );
}

/** One process at a time; the lock of a process that died does not count. */
async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  await mkdir(cache, { recursive: true });
  while (!(await takeLock(path))) await pause(200);
  try {
    await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function takeLock(path: string): Promise<boolean> {
  try {
    await writeFile(path, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (holder > 0 && !isRunning(holder)) await rm(path, { force: true });
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
