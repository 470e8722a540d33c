import './signals.ts';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  plainEnvironment,
  type RunningProcess,
  root,
  startProcess,
  untilReady,
} from '../../synapse/process.ts';
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
  /** In PUBLIC_URL: 127.0.0.1, where browsers know no passkeys, unless given. */
  host?: 'localhost';
};

export type Service = {
  /** PUBLIC_URL. */
  url: string;
  issuer: string;
  dataDir: string;
  databaseUrl: string;
  instances: Instance[];
  /** The mail it wrote, if it was given no SMTP_URL. */
  mailbox: Inbox;
  /** Everything that every instance printed. */
  logs(): string;
  /** Runs the command line tool on the same settings, with `--json`, and gives what it printed. */
  cli<T>(...args: string[]): Promise<T>;
  /** Ends all instances by this signal; data and database stay. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Settings for the next start; they win over what was given before. */
  configure(env: Record<string, string>): void;
  /** Starts what was killed, on the same data. */
  restart(): Promise<void>;
  /** Ends everything and removes data and database. */
  stop(): Promise<void>;
};

export type Instance = RunningProcess & { url: string };

export type BalancedService = Service & { balancer: LoadBalancer };

/** Settings, data and database are there; nothing runs yet. */
export type PreparedService<Started = Service> = Pick<Service, 'url' | 'cli' | 'configure'> & {
  /** Resolves when every instance is ready; `env` wins over what was given before. */
  start(env?: Record<string, string>): Promise<Started>;
};

type Place = {
  dataDir: string;
  databaseUrl: string;
  env: Record<string, string>;
  remove(): Promise<void>;
};

/** Our real program as a process of its own, with its own data and database, when it is ready. */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  return (await prepareService(options)).start();
}

/**
 * Several instances on one database behind a load balancer: every request goes to the next
 * instance than the last one.
 */
export async function startInstances(
  count: number,
  options: ServiceOptions = {},
): Promise<BalancedService> {
  return (await prepareInstances(count, options)).start();
}

/** The same, before any of them runs. */
export async function prepareInstances(
  count: number,
  options: ServiceOptions = {},
): Promise<PreparedService<BalancedService>> {
  const balancer = await startLoadBalancer();
  const ports = await freePorts(count);
  balancer.use(ports);
  const url = `http://${options.host ?? '127.0.0.1'}:${balancer.port}`;
  const env = { TRUSTED_PROXIES: '127.0.0.1/32', ...options.env };
  const prepared = await prepare({ ...options, env }, url, ports);
  const start = async (more?: Record<string, string>): Promise<BalancedService> => {
    const service = await prepared.start(more);
    const stop = async () => {
      await service.stop();
      await balancer.stop();
    };
    return { ...service, balancer, stop };
  };
  return { ...prepared, start };
}

/** For what must be known, such as the client's secret, before the service starts. */
export async function prepareService(options: ServiceOptions = {}): Promise<PreparedService> {
  const ports = await freePorts(1);
  return prepare(options, `http://${options.host ?? '127.0.0.1'}:${ports[0]}`, ports);
}

async function prepare(
  options: ServiceOptions,
  url: string,
  ports: number[],
): Promise<PreparedService> {
  const place = await preparePlace(options, url);
  const { dataDir, databaseUrl } = place;
  const cli = <T>(...args: string[]) => runCli<T>(args, place.env);
  const startAll = () => Promise.all(ports.map((port) => startInstance(place, port)));
  const configure = (env: Record<string, string>) => {
    Object.assign(place.env, env);
  };
  const start = async (env: Record<string, string> = {}): Promise<Service> => {
    configure(env);
    const instances = await startAll();
    const forEach = async (work: (instance: Instance) => Promise<void>) => {
      await Promise.all(instances.map(work));
    };
    return {
      url,
      issuer: `${url}/oidc`,
      dataDir,
      databaseUrl,
      instances,
      mailbox: openMailbox(dataDir),
      logs: () => instances.map((instance) => instance.logs()).join('\n'),
      cli,
      configure,
      kill: (signal) => forEach((instance) => instance.kill(signal)),
      restart: async () => {
        instances.splice(0, instances.length, ...(await startAll()));
      },
      stop: async () => {
        await forEach((instance) => instance.stop());
        await place.remove();
      },
    };
  };
  return { url, cli, configure, start };
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

async function runCli<T>(args: string[], env: Record<string, string>): Promise<T> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['src/cli/main.ts', ...args, '--json'],
    { cwd: root, env: { ...plainEnvironment(), ...env } },
  );
  return JSON.parse(stdout);
}
