import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findPrograms } from './embedded-binaries.ts';
import { draftOf } from './embedded-draft.ts';
import type { Place } from './embedded-place.ts';

export interface RunningServer {
  pid: number;
  port: number;
  /** False while it starts, recovers or shuts down. */
  ready: boolean;
}

export const superuser = 'openmeet';

const pollMs = 10;
const shutdownMs = 30_000;
/** Another start at the same time, what a killed server leaves for a moment, a port just taken. */
const passing = /lock file ".*" already exists|shared memory block|Address already in use/;
const logLimit = 5_000_000;
// Nothing of ours is handed down: the environment holds secrets, and the server is another user.
const environment = { TZ: 'UTC', LC_ALL: 'C' };

const fixedSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  jit: 'off',
  // Statements and details of errors hold what people typed.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

/** The server that works on this data now, whoever started it. */
export function runningServer({ data }: Place): RunningServer | undefined {
  const lines = readIfThere(join(data, 'postmaster.pid'))?.split('\n');
  const pid = Number(lines?.[0]);
  if (!lines || !pid) return undefined;
  if (isServerOf(pid, data)) {
    return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
  }
  // The number may belong to another program by now, which PostgreSQL would take for a server.
  rmSync(join(data, 'postmaster.pid'), { force: true });
  return undefined;
}

/**
 * Starts a server on this data, making the data first if there is none. Resolves when the server
 * is ready, and also when it gave up for a reason that passes, such as another start at the same
 * time.
 * @throws Error that says why no server can start here
 */
export async function startServer(
  place: Place,
  password: string,
  settings: Record<string, string>,
): Promise<void> {
  const programs = findPrograms(place);
  if (!existsSync(join(place.data, 'PG_VERSION'))) initialize(place, programs, password);
  const port = await freePort(place.data);
  const options = Object.entries({ ...fixedSettings, ...settings, port: String(port) });
  const log = openSync(place.log, sizeOf(place.log) > logLimit ? 'w' : 'a', 0o600);
  const logStart = sizeOf(place.log);
  const server = spawn(
    join(programs, 'postgres'),
    ['-D', place.data, ...options.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    // A group of its own: Ctrl-C in our terminal is for us, we stop the server in order.
    { ...place.account, cwd: '/', env: environment, detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  const ended = new Promise<true>((resolve, reject) => {
    server.once('exit', () => resolve(true));
    server.once('error', reject);
  });
  const isReady = () => {
    const running = runningServer(place);
    return running?.pid === server.pid && running?.ready;
  };
  while (!isReady()) {
    if (await Promise.race([ended, delay(pollMs, false)])) {
      const said = readFileSync(place.log).subarray(logStart).toString();
      if (!passing.test(said)) throw failure(said);
      await delay(pollMs);
      break;
    }
  }
  server.unref();
}

/** Cuts all connections and ends the server in order. */
export async function stopServer(place: Place, { pid }: RunningServer): Promise<void> {
  const deadline = Date.now() + shutdownMs;
  process.kill(pid, 'SIGINT');
  while (runningServer(place)?.pid === pid) {
    if (Date.now() > deadline) throw new Error(`PostgreSQL (process ${pid}) does not stop.`);
    await delay(pollMs);
  }
}

/** In a draft directory first, so that a start that was killed leaves nothing half made. */
function initialize({ data, account }: Place, programs: string, password: string): void {
  const draft = draftOf(data);
  const passwordFile = join(draft, 'password');
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account) for (const path of [draft, passwordFile]) chownSync(path, account.uid, account.gid);
  const initdb = spawnSync(
    join(programs, 'initdb'),
    [
      `--pgdata=${join(draft, 'data')}`,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ],
    { ...account, cwd: '/', env: environment, encoding: 'utf8' },
  );
  try {
    if (initdb.status !== 0) throw failure(initdb.stderr || String(initdb.error));
    renameSync(join(draft, 'data'), data);
  } catch (error) {
    if (!existsSync(join(data, 'PG_VERSION'))) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function failure(said: string): Error {
  if (said.includes('No space left on device')) return new Error('The disk is full.');
  const [reason] = said.match(/(?:FATAL|PANIC|error|Error): .*/) ?? [];
  return new Error(reason ?? (said.trim().split('\n').at(-1) || 'It ended without a word.'));
}

/** The same at each start where possible, so that others who use the server find it again. */
async function freePort(data: string): Promise<number> {
  const usual = 20_000 + (createHash('sha256').update(data).digest().readUInt32BE() % 12_000);
  return (await tryPort(usual)) ?? (await tryPort(0)) ?? usual;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(address && typeof address === 'object' ? address.port : undefined));
    });
  });
}

function isServerOf(pid: number, data: string): boolean {
  try {
    process.kill(pid, 0);
    // Only Linux tells where a process works; elsewhere a living process is believed.
    return process.platform !== 'linux' || readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data);
  } catch {
    return false;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
