import pg from 'pg';
import { openBrowser } from '../support/browser.ts';
import { type Platform, type PlatformOptions, startPlatform } from '../support/platform.ts';
import { freePorts } from '../support/ports.ts';
import { type ChatApp, startChatApp } from './chat-app.ts';
import { Person, type PersonOptions } from './person.ts';

export type World = Platform & {
  app: ChatApp;
  /** Somebody with a browser of their own. */
  newPerson(options?: PersonOptions): Promise<Person>;
  /** For what would take too long to wait for. */
  sql(text: string, values?: unknown[]): Promise<void>;
  /** What Synapse knows of `@handle`. */
  matrixUser(handle: string): Promise<MatrixUser>;
};

export type MatrixUser = {
  displayname: string | null;
  deactivated: boolean;
  locked: boolean;
  erased: boolean;
  threepids: { medium: string; address: string }[];
  external_ids: { auth_provider: string; external_id: string }[];
};

/** A chat app, its homeserver, the service that signs people in there, and Chromium. */
export async function startWorld(options: PlatformOptions = {}): Promise<World> {
  const [port = 0] = await freePorts(1);
  const appUrl = `http://127.0.0.1:${port}/`;
  const [platform, browser] = await Promise.all([
    startPlatform({
      ...options,
      webClients: [appUrl],
      synapse: { webClient: appUrl, ...options.synapse },
    }),
    openBrowser(),
  ]);
  const { service, synapse } = platform;
  const app = await startChatApp(port, synapse.url);
  const world: World = {
    ...platform,
    app,
    newPerson: (choice) => Person.come(world, browser, choice),
    sql: (text, values) => query(service.databaseUrl, text, values),
    matrixUser: (handle) =>
      synapse.admin('GET', `/_synapse/admin/v2/users/@${handle}:${synapse.serverName}`),
    stop: async () => {
      await browser.close();
      await Promise.all([app.stop(), platform.stop()]);
    },
  };
  return world;
}

async function query(connectionString: string, text: string, values?: unknown[]): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(text, values);
  } finally {
    await client.end();
  }
}
