import type { ZodType } from 'zod';
import { inSpan } from '../tracing/span.ts';
import {
  type Answer,
  type Endpoint,
  endpoints,
  type PathParts,
  type SynapseUser,
} from './endpoints.ts';
import { answerError, SynapseError } from './synapse-error.ts';

export type SynapseOptions = {
  /** Where its client and admin API are reached, without trailing slash. */
  url: string;
  /** Of a server admin. */
  accessToken: string;
  timeoutMs?: number;
};

export type UserChange = {
  displayname?: string;
  /** An `mxc:` address, or nothing at all (""). */
  avatar_url?: string;
  /** All of them: what is not listed is removed. */
  external_ids?: readonly { auth_provider: string; external_id: string }[];
  /**
   * All of them. Synapse takes an address away from whoever has it without a word: ask
   * `holderOfEmail` first.
   */
  threepids?: readonly { medium: string; address: string }[];
  /** Its tokens are refused, and so is signing in, until it is unlocked. */
  locked?: boolean;
};

/** The homeserver as far as we need it. All methods throw SynapseError. */
export class Synapse {
  readonly #options: SynapseOptions;

  constructor(options: SynapseOptions) {
    this.#options = options;
  }

  readUser(userId: string): Promise<SynapseUser | undefined> {
    return notFound(this.#call('read user', userId));
  }

  /**
   * Makes a user if there was none. The empty body matters: for a user that exists it changes
   * nothing at all.
   */
  async createUser(userId: string): Promise<'created' | 'exists'> {
    const { status } = await this.#request('put user', userId, {});
    return status === 201 ? 'created' : 'exists';
  }

  /** Only for users that are known to be ours. */
  async changeUser(userId: string, change: UserChange): Promise<void> {
    await this.#call('put user', userId, change);
  }

  /** @returns its `mxc:` address */
  async uploadPicture(picture: Blob): Promise<string> {
    return (await this.call('upload picture', [], picture)).content_uri;
  }

  async countDevices(userId: string): Promise<number> {
    return (await this.#call('read devices', userId)).total;
  }

  /** None for a user that does not exist, as before its first sign-in. */
  async deviceIds(userId: string): Promise<string[]> {
    const answer = await notFound(this.#call('read devices', userId));
    const devices = answer?.devices.filter(({ dehydrated }) => !dehydrated) ?? [];
    return devices.map(({ device_id }) => device_id);
  }

  /** Ends all its sessions; encryption keys that were not backed up go with them. */
  async deleteDevices(userId: string): Promise<void> {
    const { devices } = await this.#call('read devices', userId);
    if (devices.length === 0) return;
    await this.#call('delete devices', userId, {
      devices: devices.map(({ device_id }) => device_id),
    });
  }

  /** The Matrix ID of the user with this address. */
  async holderOfEmail(address: string): Promise<string | undefined> {
    return (await notFound(this.#call('find email', address)))?.user_id;
  }

  /** Signs the user out everywhere and for ever; `erase` also hides what they wrote from others. */
  async deactivateUser(userId: string, { erase }: { erase: boolean }): Promise<void> {
    await this.#call('deactivate user', userId, { erase });
  }

  /** Makes the user of the application service whose token we have. */
  async registerBot(localpart: string): Promise<'created' | 'exists'> {
    try {
      await this.#call('register bot', '', {
        type: 'm.login.application_service',
        username: localpart,
        inhibit_login: true,
      });
      return 'created';
    } catch (error) {
      if (error instanceof SynapseError && error.errcode === 'M_USER_IN_USE') return 'exists';
      throw error;
    }
  }

  /** For the operator who has another admin's token: makes a user a server admin. */
  async promote(userId: string): Promise<void> {
    await this.#call('put user', userId, { admin: true });
  }

  /** Has Synapse call the application service whose token this is. */
  async pingUs(appserviceId: string): Promise<void> {
    await this.#call('ping us', appserviceId, {});
  }

  /** For the doctor: whose token this is. */
  async whoAmI(): Promise<string> {
    return (await this.#call('who am I', '')).user_id;
  }

  /** Whether the token is one of a server admin, who alone may read users. */
  async isAdmin(): Promise<boolean> {
    try {
      return (await this.readUser(await this.whoAmI())) !== undefined;
    } catch (error) {
      if (error instanceof SynapseError && error.status === 403) return false;
      throw error;
    }
  }

  /** For the doctor; anybody is told. */
  async version(): Promise<string> {
    return (await this.#call('server version', '')).server_version;
  }

  /**
   * Any endpoint of the table, for the dependencies that have a port of their own.
   * @param body a Blob goes as it is
   */
  call<E extends Endpoint>(
    endpoint: E,
    dependencies: PathParts<E>,
    body?: object,
  ): Promise<Answer<E>> {
    return this.#call(endpoint, dependencies, body);
  }

  async #call<E extends Endpoint>(
    endpoint: E,
    dependencies: string | readonly string[],
    body?: object,
  ) {
    return (await this.#request(endpoint, dependencies, body)).answer as Answer<E>;
  }

  async #request(endpoint: Endpoint, dependencies: string | readonly string[], body?: object) {
    const { method } = shapeOf(endpoint);
    return inSpan(
      () => ({
        name: `synapse ${endpoint}`,
        kind: 'client',
        attributes: { 'http.request.method': method },
      }),
      async (note) => {
        const response = await this.#send(endpoint, dependencies, body);
        note({ 'http.response.status_code': response.status });
        return readAnswer(endpoint, response);
      },
    );
  }

  async #send(endpoint: Endpoint, dependencies: string | readonly string[], body?: object) {
    const { method, path, timeoutMs } = shapeOf(endpoint);
    const { url, accessToken } = this.#options;
    return fetch(`${url}${path(...[dependencies].flat())}`, {
      method,
      headers: {
        authorization: `Bearer ${accessToken}`,
        ...(body && !(body instanceof Blob) && { 'content-type': 'application/json' }),
      },
      body: body instanceof Blob ? body : body && JSON.stringify(body),
      // A redirect would carry the token to wherever it points.
      redirect: 'error',
      signal: AbortSignal.timeout(this.#options.timeoutMs ?? timeoutMs ?? 10_000),
    }).catch((cause) => {
      throw new SynapseError(`Synapse does not answer ${endpoint}`, { kind: 'retry', cause });
    });
  }
}

/** @throws SynapseError for what is no success, or not what the endpoint answers */
async function readAnswer(endpoint: Endpoint, response: Response) {
  const json: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw answerError(endpoint, response.status, json);
  const parsed = shapeOf(endpoint).answer.safeParse(json);
  if (!parsed.success) {
    throw new SynapseError(`Synapse answered ${endpoint} with something else`, { kind: 'retry' });
  }
  return { status: response.status, answer: parsed.data };
}

type EndpointShape = {
  method: string;
  path: (...parts: string[]) => string;
  answer: ZodType;
  timeoutMs?: number;
};

function shapeOf(endpoint: Endpoint): EndpointShape {
  return endpoints[endpoint] as EndpointShape;
}

async function notFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof SynapseError && error.errcode === 'M_NOT_FOUND') return undefined;
    throw error;
  }
}
