import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { keptSecret } from '../config/development-secrets.ts';
import { fileProblem } from '../config/file-problem.ts';
import { AppError } from '../errors.ts';
import { type Place, preparePlace } from './embedded-place.ts';
import {
  type RunningServer,
  runningServer,
  startServer,
  stopServer,
  superuser,
} from './embedded-server.ts';
import { type Watch, watchOverServer } from './embedded-watch.ts';

export interface EmbeddedDatabase {
  /** For a superuser; the server listens on loopback only. */
  url: string;
  /** Where the data is. */
  directory: string;
  /** Leaves; the last process that leaves stops the server. Close all other connections first. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  dataDir: string;
  /** PostgreSQL settings; they hold if this process is the one that starts the server. */
  settings?: Record<string, string>;
}

/** Each process that uses the server holds it shared, on a connection of its own. */
const presenceLock = 7_316_203;
const patienceMs = 60_000;
/** The server is starting or stopping, or was killed: worth another try. */
const passing = ['ECONNREFUSED', 'ECONNRESET', '57P01', '57P02', '57P03'];

interface Presence {
  client: pg.Client;
  server: RunningServer;
}

/**
 * A PostgreSQL of our own in DATA_DIR: started, or joined where it runs already for another
 * process or outlived one that was killed. If the server dies it is started again, at the same
 * address where possible.
 * @throws AppError `embedded_database_unusable`: what is wrong, and that DATABASE_URL is the other way
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const { dataDir, settings = {} } = options;
  try {
    const place = preparePlace(dataDir);
    const password = keptPassword(dataDir);
    const membership = new Membership(place, password, settings, watchOverServer(dataDir));
    const port = await membership.join();
    return {
      url: urlOf(port, password),
      directory: place.data,
      stop: () => membership.leave(),
    };
  } catch (cause) {
    const reason = fileProblem(cause) ?? (cause as Error).message;
    throw new AppError('embedded_database_unusable', {
      message: `The embedded PostgreSQL in ${dataDir} cannot be used. ${reason} Mend that, choose another DATA_DIR, or set DATABASE_URL to a PostgreSQL server.`,
      cause,
    });
  }
}

/** Stops the server on this data if no process uses it any more: for one that could not leave. */
export async function stopUnusedServer(dataDir: string): Promise<void> {
  if (!existsSync(join(dataDir, 'database', 'data'))) return;
  const place = preparePlace(dataDir);
  const password = keptPassword(dataDir);
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const server = runningServer(place);
    if (!server) return;
    const client = server.ready && (await enter(urlOf(server.port, password)));
    if (client) return leaveServer(place, { client, server });
    await delay(10);
  }
}

function keptPassword(dataDir: string): string {
  return keptSecret(dataDir, 'database-password', () => randomBytes(24).toString('base64url'));
}

async function leaveServer(place: Place, { client, server }: Presence): Promise<void> {
  try {
    if (await isLast(client)) await stopServer(place, server);
  } finally {
    await client.end();
  }
}

class Membership {
  readonly #place: Place;
  readonly #password: string;
  readonly #settings: Record<string, string>;
  readonly #watch: Watch;
  #presence: Promise<Presence> | undefined;

  constructor(place: Place, password: string, settings: Record<string, string>, watch: Watch) {
    this.#place = place;
    this.#password = password;
    this.#settings = settings;
    this.#watch = watch;
  }

  async join(): Promise<number> {
    this.#presence = this.#findOrStart();
    const { client, server } = await this.#presence;
    client.once('end', () => {
      // Still a member, so it was the server that went. Failing again is for the next query to tell.
      if (this.#presence) this.join().catch(() => {});
    });
    return server.port;
  }

  async leave(): Promise<void> {
    const presence = this.#presence;
    this.#presence = undefined;
    if (!presence) return;
    // No presence, no server: there is nothing to leave.
    const found = await presence.catch(() => undefined);
    if (found) await leaveServer(this.#place, found);
    this.#watch.end();
  }

  async #findOrStart(): Promise<Presence> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const server = runningServer(this.#place);
      if (!server) await startServer(this.#place, this.#password, this.#settings);
      else if (server.ready) {
        const client = await enter(urlOf(server.port, this.#password));
        if (client) return { client, server };
      }
      if (Date.now() > deadline) throw new Error('It was not ready within a minute.');
      if (server) await delay(10);
    }
  }
}

/** A connection that shows our presence, or nothing while the server comes or goes. */
async function enter(url: string): Promise<pg.Client | undefined> {
  const client = new pg.Client({ connectionString: url, application_name: 'presence' });
  // What becomes of a connection that is lost later is told by its end.
  let lost = false;
  client.on('error', () => {
    lost = true;
  });
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock_shared($1)', [presenceLock]);
    return client;
  } catch (error) {
    client.end().catch(() => {});
    const { code, message } = error as Error & { code?: string };
    if (code && passing.includes(code)) return undefined;
    if (lost || message.startsWith('Connection terminated')) return undefined;
    if (code === '28P01') throw new Error('Its password is not the one in DATA_DIR/secrets.');
    throw error;
  }
}

/** Whoever gets the lock alone has no company; newcomers then wait until the server is gone. */
async function isLast(client: pg.Client): Promise<boolean> {
  try {
    await client.query('SELECT pg_advisory_unlock_shared($1)', [presenceLock]);
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS alone', [presenceLock]);
    return rows[0].alone;
  } catch {
    // The server went first.
    return false;
  }
}

function urlOf(port: number, password: string): string {
  return `postgres://${superuser}:${password}@127.0.0.1:${port}/postgres`;
}
