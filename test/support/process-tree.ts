import { readdirSync, readFileSync } from 'node:fs';
import { until } from './until.ts';

/** A process and all that it started, and those started, as Linux tells it. */
export function treeOf(pid: number): number[] {
  const parents = new Map(allProcesses().map((id) => [id, parentOf(id)]));
  const found = [pid];
  for (const ancestor of found) {
    for (const [id, parent] of parents) if (parent === ancestor) found.push(id);
  }
  return found;
}

/** Living processes whose command line names this. */
export function processesOf(words: string): number[] {
  return allProcesses().filter((pid) => read(pid, 'cmdline').includes(words) && isAlive(pid));
}

export async function untilGone(pids: readonly number[], what: string): Promise<void> {
  const left = () => pids.filter(isAlive).map((pid) => read(pid, 'cmdline').replaceAll('\0', ' '));
  await until(() => left().length === 0, { what: `the end of ${what}`, timeout: 60_000 }).catch(
    (error) => {
      throw new Error(`${error.message}: left are\n${left().join('\n')}`);
    },
  );
}

function allProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** One that ended but was not waited for is no process any more. */
function isAlive(pid: number): boolean {
  const state = /^State:\s+(\w)/m.exec(read(pid, 'status'))?.[1];
  return state !== undefined && state !== 'Z';
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(read(pid, 'status'))?.[1]);
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
