import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const root = resolve(import.meta.dirname, '..');

export type RunningProcess = {
  pid: number;
  /** Everything it printed so far. */
  logs(): string;
  ended(): boolean;
  /** Resolves when it has ended, also if it had already. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** SIGTERM, and SIGKILL if that did not help within `patience` milliseconds (10 s). */
  stop(patience?: number): Promise<void>;
};

export type ProcessOptions = {
  env?: Record<string, string>;
  /** Called with everything it prints. */
  onOutput?: (text: string) => void;
};

/**
 * Waits until its input ends, which it does when we have come to any end. A group that does not stop in
 * ten seconds is killed.
 */
const watch = `read -r _
kill -TERM "-$0"
for _ in $(seq 100); do kill -0 "-$0" || exit; sleep 0.1; done
kill -KILL "-$0"`;

const running = new Set<RunningProcess>();

/** Ends what was started and still runs, in order: the last one first. */
export async function stopStarted(): Promise<void> {
  for (const started of [...running].reverse()) await started.stop();
}

/** What of our environment every program gets: the search path, and where Node keeps what it compiled. */
export function plainEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '/', NODE_COMPILE_CACHE } = process.env;
  return { PATH, HOME, ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }) };
}

/**
 * Starts a program in the project's root with nothing of our environment but what all get. It ends
 * at the latest when this process has, even if that is killed.
 */
export function startProcess(
  command: string,
  args: string[],
  { env = {}, onOutput }: ProcessOptions = {},
): RunningProcess {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...plainEnvironment(), ...env },
    // A group of its own: Ctrl-C is for us, and its children can be killed with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  const keep = (text: string) => {
    printed += text;
    onOutput?.(text);
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', keep);
  const ended = endOf(child, keep);
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  const started: RunningProcess = {
    pid: child.pid ?? 0,
    logs: () => printed,
    ended: () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null,
    kill,
    stop: async (patience = 10_000) => {
      child.kill('SIGTERM');
      const late = pause(patience, 'late' as const, { ref: false });
      if ((await Promise.race([ended, late])) === 'late') await kill('SIGKILL');
    },
  };
  running.add(started);
  ended.then(() => running.delete(started));
  return started;
}

/**
 * Resolves when `url` answers 200.
 * @throws Error with what the process printed, if it ends first or takes longer than `patience` ms
 */
export async function untilReady(
  running: RunningProcess,
  url: string,
  { name, patience = 30_000 }: { name: string; patience?: number },
): Promise<void> {
  const deadline = performance.now() + patience;
  // Whatever else listens there may answer in its place.
  while (running.ended() || !(await answers(url)) || running.ended()) {
    const why = running.ended() ? 'ended' : 'is not ready';
    if (running.ended() || performance.now() > deadline) {
      await running.stop();
      throw new Error(`${name} ${why}. It printed:\n${running.logs()}`);
    }
    await pause(20);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(5000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

function endOf(child: ChildProcess, keep: (text: string) => void): Promise<void> {
  const { pid } = child;
  const watcher = pid ? watchOver(pid) : undefined;
  if (pid) guard(pid);
  return new Promise((resolve) => {
    child.once('error', (error) => {
      keep(error.message);
      if (!pid) resolve();
    });
    child.once('close', () => {
      if (pid) guarded.delete(pid);
      watcher?.kill('SIGKILL');
      resolve();
    });
  });
}

/** A shell outside of our group, so that it lives on if all of that is killed. */
function watchOver(pid: number): ChildProcess {
  const watcher = spawn('/bin/sh', ['-c', watch, `${pid}`], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.on('error', () => {});
  watcher.stdin?.on('error', () => {});
  watcher.unref();
  (watcher.stdin as Socket).unref();
  return watcher;
}

const guarded = new Set<number>();

function guard(pid: number): void {
  if (!process.listeners('exit').includes(killGuarded)) process.on('exit', killGuarded);
  guarded.add(pid);
}

function killGuarded(): void {
  for (const pid of guarded) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}
