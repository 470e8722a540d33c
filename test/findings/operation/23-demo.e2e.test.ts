import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, test } from 'vitest';
import { root } from '../../../synapse/process.ts';
import { freePorts } from '../../support/ports.ts';
import { processesOf, treeOf, untilGone } from '../../support/process-tree.ts';
import { until } from '../../support/until.ts';

describe('nothing is left of the demo', { timeout: 300_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'openmeet-demo-'));
  // Where the account of the server may go, also if we are root.
  chmodSync(directory, 0o755);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** `npm run demo`, and all that it started by when it prints `words`. */
  async function demo(words: string) {
    const [port, synapsePort] = await freePorts(2);
    const { PATH, HOME } = process.env;
    const child = spawn('npm', ['run', 'demo'], {
      cwd: root,
      env: {
        ...{ PATH, HOME, DEMO_DIR: directory },
        ...{ PORT: `${port}`, SYNAPSE_PORT: `${synapsePort}` },
      },
      detached: true,
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        printed += text;
      });
    }
    const pid = child.pid as number;
    await until(() => printed.includes(words), { what: words, timeout: 120_000 });
    const all = () => [...new Set([...treeOf(pid), ...processesOf(directory)])];
    return { pid, all, node: () => treeOf(pid)[1] as number };
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
    test(`when its npm is ended by ${signal}`, async () => {
      const { pid, all } = await demo('Ctrl-C stops both');
      const pids = all();
      assert.ok(pids.length >= 5, 'npm, the demo, Synapse, the service, PostgreSQL');
      process.kill(pid, signal);
      await untilGone(pids, signal);
    });
  }

  test('when it is killed itself', async () => {
    const { all, node } = await demo('Ctrl-C stops both');
    const pids = all();
    process.kill(node(), 'SIGKILL');
    await untilGone(pids, 'SIGKILL');
  });

  test('when it is told to end while it starts', async () => {
    const { pid, all } = await demo('Starting');
    await until(() => all().length > 3, { what: 'a first command' });
    const pids = all();
    process.kill(pid, 'SIGTERM');
    await untilGone([...pids, ...processesOf(directory)], 'a start');
  });
});
