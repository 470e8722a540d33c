import './signals.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HomeserverOptions } from '../../synapse/homeserver.ts';
import { type Homeserver, startHomeserver } from '../../synapse/start.ts';
import { freePorts } from './ports.ts';

export type SynapseOptions = Partial<Omit<HomeserverOptions, 'directory'>>;

export type Synapse = Homeserver & {
  /**
   * Calls Synapse as its admin.
   * @throws Error with Synapse's words for any answer but 2xx
   */
  admin<T>(method: string, path: string, body?: object): Promise<T>;
  /** Starts it again on the same data, after `kill`. */
  restart(): Promise<void>;
};

/** A real Synapse with data of its own, that forgets everything when it is stopped. */
export async function startSynapse(options: SynapseOptions = {}): Promise<Synapse> {
  const directory = await mkdtemp(join(tmpdir(), 'openmeet-synapse-'));
  const [freePort = 0] = options.port ? [options.port] : await freePorts(1);
  const start = () =>
    startHomeserver({ serverName: 'matrix.example', ...options, port: freePort, directory });
  const first = await start();
  let running = first;
  return {
    ...first,
    logs: () => running.logs(),
    ended: () => running.ended(),
    kill: (signal) => running.kill(signal),
    restart: async () => {
      running = await start();
    },
    admin: (method, path, body) => call(first, method, path, body),
    stop: async (patience) => {
      await running.stop(patience);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function call<T>(
  { url, adminToken }: Homeserver,
  method: string,
  path: string,
  body?: object,
): Promise<T> {
  const answer = await fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}
