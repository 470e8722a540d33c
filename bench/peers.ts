import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../src/database/database.ts';
import { type RunningProcess, startProcess, untilReady } from '../synapse/process.ts';
import { freePorts } from '../test/support/ports.ts';
import { Application } from './application.ts';
import { type Member, signInAll } from './crowd.ts';
import { Site } from './driver.ts';
import { furnish, makeDataDir, type OwnSettings, startOwn } from './own.ts';
import type { Postgres } from './postgres.ts';
import { memoryOf } from './processes.ts';

export const peerNames = ['ceiling', 'simple', 'ours', 'ours ×2'] as const;
export type PeerName = (typeof peerNames)[number];

export type Peer = {
  name: PeerName;
  application: Application;
  members: Member[];
  processes: RunningProcess[];
  /** Name of its database; the ceiling has none. */
  database?: string;
  /** Resident MB of its first process two seconds after it was ready. */
  idleMb: number;
  stop(): Promise<void>;
};

export type OwnPeer = Peer & { own: Database; settings: OwnSettings };

const client = { id: 'bench', secret: randomBytes(24).toString('base64url') };

/** `oidc-provider` in memory: nothing in Node that does the same work can be much faster. */
export function startCeiling(): Promise<Peer> {
  return startBare('ceiling', {});
}

/** `oidc-provider` on the adapter that its documentation leads to. */
export async function startSimple(postgres: Postgres): Promise<Peer> {
  const database = 'simple';
  const peer = await startBare('simple', { DATABASE_URL: await postgres.makeDatabase(database) });
  return { ...peer, database };
}

/**
 * Our service with its default role: it answers requests and runs the queue. Started for the second
 * time, as it mostly is: its database is migrated, its code compiled.
 */
export async function startOurs(postgres: Postgres): Promise<OwnPeer> {
  const database = 'ours';
  const [port = 0] = await freePorts(1);
  const databaseUrl = await postgres.makeDatabase(database);
  const settings = { databaseUrl, publicPort: port, dataDir: makeDataDir() };
  const origin = `http://127.0.0.1:${port}`;
  const start = async () => {
    const running = startOwn(settings, port);
    await untilReady(running, `${origin}/health/ready`, { name: 'Our service' });
    return running;
  };
  await (await start()).stop();
  const own = await furnish(databaseUrl, client);
  const running = await start();
  const peer = await describe('ours', origin, [port], [running], `${origin}/oidc`);
  const stop = async () => {
    await own.close();
    await peer.stop();
  };
  return { ...peer, database, own, settings, stop };
}

/** The same deployment with a second instance; every request goes to the other than the last. */
export async function addInstance(ours: OwnPeer): Promise<Peer> {
  const { origin } = ours.application.site;
  const { publicPort } = ours.settings;
  const [port = 0] = await freePorts(1);
  const running = startOwn(ours.settings, port);
  await untilReady(running, `http://127.0.0.1:${port}/health/ready`, { name: 'Our service' });
  const processes = [...ours.processes, running];
  const both = await describe('ours ×2', origin, [publicPort, port], processes, `${origin}/oidc`);
  return { ...both, database: ours.database, stop: () => running.stop() };
}

async function startBare(name: PeerName, env: Record<string, string>): Promise<Peer> {
  const [port = 0] = await freePorts(1);
  const origin = `http://127.0.0.1:${port}`;
  const running = startProcess(process.execPath, ['bench/bare/main.ts'], {
    env: {
      NODE_ENV: 'production',
      PORT: `${port}`,
      CLIENT_ID: client.id,
      CLIENT_SECRET: client.secret,
      ...env,
    },
  });
  await untilReady(running, `${origin}/.well-known/openid-configuration`, { name });
  return describe(name, origin, [port], [running], origin);
}

async function describe(
  name: PeerName,
  origin: string,
  ports: number[],
  processes: RunningProcess[],
  issuer: string,
): Promise<Peer> {
  await pause(2000);
  const idleMb = memoryOf(processes[0]?.pid ?? 0).now;
  const site = new Site(origin, ports);
  const application = await Application.discover(site, issuer, client);
  return {
    ...{ name, application, processes, idleMb },
    members: await signInAll(application),
    async stop() {
      site.close();
      await Promise.all(processes.map((running) => running.stop()));
    },
  };
}
