import '../support/signals.ts';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type RunningProcess, startProcess, untilReady } from '../../synapse/process.ts';
import { installAtproto } from '../parts/atproto/install.ts';
import { freePorts } from '../support/ports.ts';

const parts = resolve(import.meta.dirname, '../parts/atproto');

export type Member = { did: string; handle: string; email: string; password: string; jwt: string };

/** Stands in for DNS and TLS between a data server and a service of ours. */
export type PublicService = { origin: string; url: string };

export type DataServer = {
  url: string;
  addMember(name: string): Promise<Member>;
  /** Calls a method of the AT Protocol: with a body it is a procedure, else a query. */
  call<T>(method: string, options?: CallOptions): Promise<T>;
  stop(): Promise<void>;
  start(): Promise<void>;
};

export type CallOptions = {
  query?: Record<string, string>;
  /** Null for a procedure that takes none. */
  body?: object | Uint8Array<ArrayBuffer> | null;
  jwt?: string;
};

export type DidData = {
  alsoKnownAs?: string[];
  verificationMethods?: { atproto: string };
  services?: { atproto_pds: { type: 'AtprotoPersonalDataServer'; endpoint: string } };
};

export type Network = {
  plcUrl: string;
  startDataServer(options?: { port?: number; knows?: PublicService }): Promise<DataServer>;
  /** Moves a member with all they have, as a person who changes to another server does. */
  move(member: Member, from: DataServer, to: DataServer): Promise<void>;
  /** Changes what the directory says of a DID, as the holder of its rotation key can. */
  update(did: string, changes: DidData): Promise<void>;
  tombstone(did: string): Promise<void>;
  close(): Promise<void>;
};

/** A network of one's own: a directory of DIDs, and as many data servers as are started. */
export async function startNetwork(): Promise<Network> {
  await installAtproto();
  const [port = 0] = await freePorts(1);
  const plcUrl = `http://localhost:${port}`;
  const rotationKey = randomBytes(32).toString('hex');
  const directory = startProcess(process.execPath, [join(parts, 'plc.ts'), 'serve', `${port}`]);
  await untilReady(directory, `${plcUrl}/_health`, { name: 'The PLC directory' });
  const servers: (() => Promise<void>)[] = [];
  const update: Network['update'] = (did, changes) =>
    directoryVerb('update', plcUrl, rotationKey, did, JSON.stringify(changes));
  return {
    plcUrl,
    update,
    async startDataServer(options) {
      const server = await startDataServer({ plcUrl, rotationKey, ...options });
      servers.push(server.remove);
      return server;
    },
    move: (member, from, to) => move(member, from, to, update),
    tombstone: (did) => directoryVerb('tombstone', plcUrl, rotationKey, did),
    async close() {
      await Promise.all([directory.stop(), ...servers.map((remove) => remove())]);
    },
  };
}

type Founding = { plcUrl: string; rotationKey: string; port?: number; knows?: PublicService };

async function startDataServer(
  founding: Founding,
): Promise<DataServer & { remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'openmeet-pds-'));
  const [port = 0] = founding.port ? [founding.port] : await freePorts(1);
  const url = `http://localhost:${port}`;
  const env = settings(founding, directory, port);
  let running: RunningProcess;
  const start = async () => {
    running = startProcess(process.execPath, [join(parts, 'pds.ts')], { env });
    await untilReady(running, `${url}/xrpc/_health`, { name: 'The data server' });
  };
  await start();
  const call = <T>(method: string, options?: CallOptions) => callMethod<T>(url, method, options);
  return {
    url,
    call,
    start,
    addMember: (name) => addMember(call, name),
    stop: () => running.stop(),
    async remove() {
      await running.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function settings({ plcUrl, rotationKey, knows }: Founding, directory: string, port: number) {
  return {
    LOG_ENABLED: 'false',
    PDS_DEV_MODE: 'true',
    PDS_HOSTNAME: 'localhost',
    PDS_PORT: `${port}`,
    PDS_SERVICE_DID: `did:web:localhost%3A${port}`,
    PDS_DATA_DIRECTORY: directory,
    PDS_BLOBSTORE_DISK_LOCATION: join(directory, 'blobs'),
    PDS_DID_PLC_URL: plcUrl,
    PDS_DID_CACHE_STALE_TTL: '1',
    PDS_DID_CACHE_MAX_TTL: '1',
    PDS_INVITE_REQUIRED: 'false',
    PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: rotationKey,
    PDS_JWT_SECRET: randomBytes(32).toString('hex'),
    PDS_DPOP_SECRET: randomBytes(32).toString('hex'),
    PDS_ADMIN_PASSWORD: randomBytes(8).toString('hex'),
    ...(knows && { CLIENT_ORIGIN: knows.origin, CLIENT_URL: knows.url }),
  };
}

async function callMethod<T>(
  server: string,
  method: string,
  { query = {}, body, jwt }: CallOptions = {},
): Promise<T> {
  const binary = body instanceof Uint8Array;
  const answer = await fetch(`${server}/xrpc/${method}?${new URLSearchParams(query)}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(jwt && { authorization: `Bearer ${jwt}` }),
      ...(body && { 'content-type': binary ? 'application/vnd.ipld.car' : 'application/json' }),
    },
    body: binary || !body ? body : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method}: ${answer.status} ${await answer.text()}`);
  if (answer.headers.get('content-type')?.startsWith('application/vnd.ipld.car')) {
    return new Uint8Array(await answer.arrayBuffer()) as T;
  }
  const text = await answer.text();
  return text === '' ? (undefined as T) : JSON.parse(text);
}

async function addMember(call: DataServer['call'], name: string): Promise<Member> {
  const member = {
    handle: `${name}.test`,
    email: `${name}@mail.example`,
    password: 'kite-84-moss',
  };
  const { did, accessJwt } = await call<{ did: string; accessJwt: string }>(
    'com.atproto.server.createAccount',
    { body: member },
  );
  return { ...member, did, jwt: accessJwt };
}

async function move(
  member: Member,
  from: DataServer,
  to: DataServer,
  update: Network['update'],
): Promise<void> {
  const { did, handle, email, password } = member;
  const target = await to.call<{ did: string }>('com.atproto.server.describeServer');
  const lxm = 'com.atproto.server.createAccount';
  const { token } = await from.call<{ token: string }>('com.atproto.server.getServiceAuth', {
    query: { aud: target.did, lxm },
    jwt: member.jwt,
  });
  const { accessJwt } = await to.call<{ accessJwt: string }>(lxm, {
    body: { did, handle, email, password },
    jwt: token,
  });
  const repository = await from.call<Uint8Array<ArrayBuffer>>('com.atproto.sync.getRepo', {
    query: { did },
  });
  await to.call('com.atproto.repo.importRepo', { body: repository, jwt: accessJwt });
  const { verificationMethods } = await to.call<{ verificationMethods: { atproto: string } }>(
    'com.atproto.identity.getRecommendedDidCredentials',
    { jwt: accessJwt },
  );
  await update(did, { verificationMethods, services: { atproto_pds: dataServerAt(to.url) } });
  await to.call('com.atproto.server.activateAccount', { body: null, jwt: accessJwt });
  await from.call('com.atproto.server.deactivateAccount', { body: {}, jwt: member.jwt });
  member.jwt = accessJwt;
}

export function dataServerAt(endpoint: string) {
  return { type: 'AtprotoPersonalDataServer', endpoint } as const;
}

async function directoryVerb(...words: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [join(parts, 'plc.ts'), ...words]);
}
