import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type RunningProcess, startProcess } from '../synapse/process.ts';
import { freePorts } from '../test/support/ports.ts';
import { quantile } from './measure.ts';
import { makeDataDir, nodeOptions, startOwn } from './own.ts';
import type { Postgres } from './postgres.ts';

/** Seconds from the start of the process to the first 200 of `/health/ready`. */
export type ColdStarts = {
  /** On an empty database. */
  first: number;
  /** Median on a migrated one. */
  migrated: number;
  /** With the embedded PostgreSQL: its first start, and a later one. */
  embeddedFirst: number;
  embedded: number;
};

export async function measureColdStarts(postgres: Postgres, tries: number): Promise<ColdStarts> {
  const databaseUrl = await postgres.makeDatabase('cold_start');
  const settings = { databaseUrl, dataDir: makeDataDir() };
  const onServer = () => untilReady((port) => startOwn({ ...settings, publicPort: port }, port));
  const first = await onServer();
  const later: number[] = [];
  for (let run = 0; run < tries; run += 1) later.push(await onServer());
  const dataDir = makeDataDir();
  const embedded = () =>
    untilReady((port) =>
      startProcess(process.execPath, [...nodeOptions, 'src/main.ts'], {
        env: { PORT: `${port}`, DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
      }),
    );
  return {
    first,
    migrated: quantile(later.sort(), 0.5),
    embeddedFirst: await embedded(),
    embedded: await embedded(),
  };
}

async function untilReady(start: (port: number) => RunningProcess): Promise<number> {
  const [port = 0] = await freePorts(1);
  const began = performance.now();
  const running = start(port);
  while (!(await isReady(port))) {
    if (running.ended()) throw new Error(`It ended:\n${running.logs()}`);
    await pause(5);
  }
  const seconds = (performance.now() - began) / 1000;
  await running.stop();
  return seconds;
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/health/ready', agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    }).once('error', () => resolve(false));
  });
}
