import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { root } from './process.ts';

const run = promisify(execFile);

/** A Python with the packages of `requirements`, in a directory of `.cache` for each content of it. */
export class Venv {
  readonly #directory: string;
  readonly #requirements: string;

  constructor(name: string, requirements: string) {
    const version = createHash('sha256').update(requirements).digest('hex').slice(0, 12);
    this.#directory = join(root, '.cache', name, version);
    this.#requirements = requirements;
  }

  get python(): string {
    return join(this.#directory, 'bin/python');
  }

  /** Whether nothing is left to download. */
  get isInstalled(): boolean {
    return existsSync(this.#directory);
  }

  /**
   * Installs it once, also when several processes ask at the same time.
   * @param check a line of Python that fails where the packages do not work
   * @param signal breaks it off
   * @throws Error of pip or Python
   */
  async install(check: string, signal?: AbortSignal): Promise<void> {
    if (this.isInstalled) return;
    await withLock(`${this.#directory}.lock`, async () => {
      if (!this.isInstalled) await this.#make(check, signal);
    });
  }

  async #make(check: string, signal?: AbortSignal): Promise<void> {
    // Python finds its packages wherever the venv lies, so it appears at its place when it is whole.
    const draft = `${this.#directory}.${randomUUID()}`;
    const python = join(draft, 'bin/python');
    const packages = this.#requirements.split('\n').filter((line) => /^[^#\s]/.test(line));
    try {
      await run('python3', ['-m', 'venv', draft], { signal });
      const pip = ['-m', 'pip', 'install', '--quiet', '--prefer-binary', ...packages];
      await run(python, pip, { signal });
      await run(python, ['-c', check], { signal });
      await rename(draft, this.#directory);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      throw error;
    }
  }
}

/** What pip, or Python, said last. */
export function lastWords(error: Error & { stderr?: string; stdout?: string }): string {
  const said = `${error.stderr ?? ''}${error.stdout ?? ''}`.trim().split('\n').at(-1);
  return said || error.message;
}

/** One process at a time; the lock of a process that died does not count. */
async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
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
