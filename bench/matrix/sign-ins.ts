import { createClient, type MatrixClient } from 'matrix-js-sdk';
import { logger as sharedLogger } from 'matrix-js-sdk/lib/logger.js';
import { Visitor } from '../../test/support/forms.ts';
import { addressOfPerson, personPassword } from '../people.ts';

/** On no one's machine: the browser stops where it would go there. */
export const appUrl = 'http://chat.bench.test/';

const quiet = () => {};
const logger = {
  trace: quiet,
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: quiet,
  getChild: () => logger,
};

// Parts of the SDK write to this one whatever a client was given.
(sharedLogger as unknown as { disableAll(): void }).disableAll();

export type Session = { client: MatrixClient; accessToken: string };

/** From the button of a Matrix client to its token: through Synapse, our pages and back. */
export async function signIn(homeserver: string, index: number): Promise<Session> {
  const visitor = new Visitor({
    stopAt: (url) => url.href.startsWith(appUrl),
    // Everybody comes from a network of their own, as real people do.
    localAddress: `127.1.${Math.floor(index / 250)}.${(index % 250) + 1}`,
  });
  const start = `${homeserver}/_matrix/client/v3/login/sso/redirect/oidc-openmeet`;
  const page = await visitor.open(`${start}?redirectUrl=${encodeURIComponent(appUrl)}`);
  const end = await visitor.submit(page, {
    email: addressOfPerson(index),
    password: personPassword,
  });
  const token = end.url.searchParams.get('loginToken');
  if (!token) throw new Error(`No login token: ${end.url.href} ${end.text.slice(0, 200)}`);
  return useToken(homeserver, token);
}

async function useToken(homeserver: string, token: string): Promise<Session> {
  const login = await createClient({ baseUrl: homeserver, logger }).loginRequest({
    type: 'm.login.token',
    token,
  });
  const { user_id: userId, device_id: deviceId, access_token: accessToken } = login;
  const client = createClient({ baseUrl: homeserver, userId, deviceId, accessToken, logger });
  return { client, accessToken };
}

/** Starts to sync, up to the point where a client shows its rooms. */
export async function start({ client }: Session): Promise<void> {
  const prepared = new Promise<void>((resolve, reject) => {
    client.on(
      'sync' as never,
      ((state: string, _: unknown, data?: { error?: Error }) => {
        if (state === 'PREPARED') resolve();
        if (state === 'ERROR') reject(data?.error ?? new Error('The first sync failed'));
      }) as never,
    );
  });
  await client.startClient({ initialSyncLimit: 10, pollTimeout: 10_000 });
  await prepared;
}
