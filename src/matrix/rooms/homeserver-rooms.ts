import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, Endpoint, PathParts, SynapseUser } from '../endpoints.ts';
import type { Synapse } from '../synapse.ts';
import { SynapseError } from '../synapse-error.ts';
import type { StateEvent } from './endpoints.ts';

/** What is told to do later than this is not waited for. */
const longestWaitMs = 10_000;

/**
 * The rooms of the homeserver, as far as we need them. All methods throw SynapseError. When Synapse
 * says that it is asked too often, the same call is made again after the time that it names.
 */
export class HomeserverRooms {
  readonly #synapse: Synapse;

  constructor(synapse: Synapse) {
    this.#synapse = synapse;
  }

  whoAmI(): Promise<string> {
    return this.#synapse.whoAmI();
  }

  readUser(userId: string): Promise<SynapseUser | undefined> {
    return this.#synapse.readUser(userId);
  }

  async defaultVersion(): Promise<string> {
    const { capabilities } = await this.#call('capabilities', []);
    return capabilities['m.room_versions'].default;
  }

  async create(body: object): Promise<string> {
    return (await this.#call('create room', [], body)).room_id;
  }

  /** All state with all members in one call; nothing when Synapse has no such room. */
  async readState(roomId: string): Promise<readonly StateEvent[] | undefined> {
    return (await ifFound(this.#call('read room state', [roomId])))?.state;
  }

  async setState(roomId: string, type: string, stateKey: string, content: object): Promise<void> {
    await this.#call('set room state', [roomId, type, stateKey], content);
  }

  async roomOfAlias(alias: string): Promise<string | undefined> {
    return (await ifFound(this.#call('find alias', [alias])))?.room_id;
  }

  async putAlias(alias: string, roomId: string): Promise<void> {
    await this.#call('put alias', [alias], { room_id: roomId });
  }

  async removeAlias(alias: string): Promise<void> {
    await ifFound(this.#call('delete alias', [alias]));
  }

  /** Without the person's doing. The bot must be in the room. */
  async putInto(roomId: string, userId: string): Promise<void> {
    await this.#call('put into room', [roomId], { user_id: userId });
  }

  async invite(roomId: string, userId: string): Promise<void> {
    await this.#call('invite to room', [roomId], { user_id: userId });
  }

  async kick(roomId: string, userId: string, reason: string): Promise<void> {
    await this.#call('kick from room', [roomId], { user_id: userId, reason });
  }

  async ban(roomId: string, userId: string, reason: string): Promise<void> {
    await this.#call('ban from room', [roomId], { user_id: userId, reason });
  }

  async unban(roomId: string, userId: string): Promise<void> {
    await this.#call('unban from room', [roomId], { user_id: userId });
  }

  /** The bot itself. */
  async join(roomId: string): Promise<void> {
    await this.#call('join room', [roomId], {});
  }

  /** The bot itself. */
  async leave(roomId: string): Promise<void> {
    await this.#call('leave room', [roomId], {});
  }

  /** Gives the bot what the most powerful person of this server has in the room, and invites it. */
  async regainPower(roomId: string, bot: string): Promise<void> {
    await this.#call('regain power', [roomId], { user_id: bot });
  }

  /**
   * Takes everybody out and forgets the room with all that was written, in the background.
   * @returns how it stands: `complete` and `failed` are final
   */
  async purge(roomId: string): Promise<string> {
    const known = await ifFound(this.#call('read room deletions', [roomId]));
    const running = known?.results.some(({ status }) => !isFinal(status));
    if (running) return 'active';
    const { delete_id: id } = await this.#call('delete room', [roomId], {
      block: false,
      purge: true,
    });
    for (let waits = 0; waits < 40; waits += 1) {
      const { status } = await this.#call('read deletion', [id]);
      if (isFinal(status)) return status;
      await pause(250);
    }
    return 'active';
  }

  /** @returns its `mxc://` address */
  async upload(picture: Blob): Promise<string> {
    return (await this.#call('upload picture', [], picture)).content_uri;
  }

  async #call<E extends Endpoint>(
    endpoint: E,
    dependencies: PathParts<E>,
    body?: object,
  ): Promise<Answer<E>> {
    for (let waited = 0; ; ) {
      try {
        return await this.#synapse.call(endpoint, dependencies, body);
      } catch (error) {
        const ms = error instanceof SynapseError ? (error.retryAfterMs ?? 0) : 0;
        if (ms === 0 || waited + ms > longestWaitMs) throw error;
        await pause(ms);
        waited += ms;
      }
    }
  }
}

function isFinal(status: string): boolean {
  return ['complete', 'failed', 'cancelled'].includes(status);
}

async function ifFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof SynapseError && error.errcode === 'M_NOT_FOUND') return undefined;
    throw error;
  }
}
