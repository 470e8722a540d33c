import { createClient, type LoginResponse, type MatrixClient } from 'matrix-js-sdk';

/** A Matrix client on one device. */
export type Device = {
  userId: string;
  id: string;
  client: MatrixClient;
  /** Whole, with what the provider block adds to it. */
  login: LoginResponse & { tenant_id?: string };
  /** Whether the homeserver still takes its access token. */
  alive(): Promise<boolean>;
};

/** Its own logger writes every request to the console. */
const quiet = () => {};
const logger = {
  trace: quiet,
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: quiet,
  getChild: () => logger,
};

/** What a client does with the token that it was given at the end of the sign-in. */
export async function signInDevice(homeserver: string, loginToken: string): Promise<Device> {
  const login = await createClient({ baseUrl: homeserver, logger }).loginRequest({
    type: 'm.login.token',
    token: loginToken,
    initial_device_display_name: 'Chat',
  });
  const { user_id: userId, device_id: id, access_token: accessToken } = login;
  const client = createClient({ baseUrl: homeserver, userId, deviceId: id, accessToken, logger });
  const alive = async () => {
    try {
      return (await client.whoami()).user_id === userId;
    } catch (error) {
      const { errcode } = error as { errcode?: string };
      if (errcode === 'M_UNKNOWN_TOKEN' || errcode === 'M_USER_LOCKED') return false;
      // So Synapse answers when the token is deleted while it looks at it.
      if (String(error).includes('No row found (access_tokens)')) return false;
      throw error;
    }
  };
  return { userId, id, client, login, alive };
}
