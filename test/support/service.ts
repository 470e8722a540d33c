import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type RunningProcess, root, startProcess, untilReady } from '../../synapse/process.ts';
import { type LoadBalancer, startLoadBalancer } from './load-balancer.ts';
import type { Inbox } from './mail.ts';
import { openMailbox } from './mailbox.ts';
import { freePorts } from './ports.ts';
import { testDatabase } from './postgres.ts';

export type ServiceOptions = {
  /** Settings of the service; they win over what we choose. */
  env?: Record<string, string>;
  /** PostgreSQL to use instead of a fresh database. `embedded`: the service's own. */
  databaseUrl?: string;
};

export type Service = {
  /** PUBLIC_URL. */
  url: string;
  issuer: string;
  dataDir: string;
  databaseUrl: string;
  /** The mail it wrote, if it was given no SMTP_URL. */
  mailbox: Inbox;
  /** Everything that every instance printed. */
  logs(): string;
  /** Runs the command line tool on the same settings, with `--json`, and gives what it printed. */
  cli<T>(...args: string[]): Promise<T>;
  /** Ends all instances by this signal; data and database stay. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts what was killed, on the same data. */
  restart(): Promise<void>;
  /** Ends everything and removes data and database. */
  stop(): Promise<void>;
};

export type Instance = RunningProcess & { url: string };

export type Instances = Service & { instances: Instance[]; balancer: LoadBalancer };

type Place = {
  dataDir: string;
  databaseUrl: string;
  env: Record<string, string>;
  remove(): Promise<void>;
};

/** Our real program as a process of its own, with its own data and database, when it is ready. */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const place = await preparePlace(options, url);
  let instance = await startInstance(place, port);
  return {
    ...describe(place, url),
    logs: () => instance.logs(),
    kill: (signal) => instance.kill(signal),
    restart: async () => {
      instance = await startInstance(place, port);
    },
    stop: async () => {
      await instance.stop();
      await place.remove();
    },
  };
}

/**
 * Several instances on one database behind a load balancer: every request goes to the next
 * instance than the last one.
 */
export async function startInstances(
  count: number,
  options: ServiceOptions = {},
): Promise<Instances> {
  const balancer = await startLoadBalancer();
  const url = `http://127.0.0.1:${balancer.port}`;
  const env = { TRUSTED_PROXIES: '127.0.0.1/32', ...options.env };
  const place = await preparePlace({ ...options, env }, url);
  const ports = await freePorts(count);
  const start = () => Promise.all(ports.map((port) => startInstance(place, port)));
  const instances = await start();
  balancer.use(ports);
  return {
    ...describe(place, url),
    balancer,
    instances,
    logs: () => instances.map((instance) => instance.logs()).join('\n'),
    kill: async (signal) => {
      await Promise.all(instances.map((instance) => instance.kill(signal)));
    },
    restart: async () => {
      instances.splice(0, count, ...(await start()));
    },
    stop: async () => {
      await Promise.all(instances.map((instance) => instance.stop()));
      await balancer.stop();
      await place.remove();
    },
  };
}

async function preparePlace(options: ServiceOptions, publicUrl: string): Promise<Place> {
  const dataDir = await mkdtemp(join(tmpdir(), 'openmeet-id-'));
  const database = options.databaseUrl === undefined ? await testDatabase() : undefined;
  const given = options.databaseUrl === 'embedded' ? '' : options.databaseUrl;
  const databaseUrl = database?.url ?? given ?? '';
  const env = {
    NODE_ENV: 'test',
    PUBLIC_URL: publicUrl,
    DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl,
    ...options.env,
  };
  const remove = async () => {
    await database?.drop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { dataDir, databaseUrl, env, remove };
}

async function startInstance(place: Place, port: number): Promise<Instance> {
  const env = { ...place.env, PORT: `${port}` };
  const running = startProcess(process.execPath, ['src/main.ts'], { env });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(running, `${url}/health/ready`, { name: 'The service' });
  return { ...running, url };
}

function describe(place: Place, url: string) {
  const { dataDir, databaseUrl } = place;
  return {
    url,
    issuer: `${url}/oidc`,
    dataDir,
    databaseUrl,
    mailbox: openMailbox(dataDir),
    cli: <T>(...args: string[]) => runCli<T>(args, place.env),
  };
}

async function runCli<T>(args: string[], env: Record<string, string>): Promise<T> {
  const { PATH = '', HOME = '/' } = process.env;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['src/cli/main.ts', ...args, '--json'],
    { cwd: root, env: { PATH, HOME, ...env } },
  );
  return JSON.parse(stdout);
}
