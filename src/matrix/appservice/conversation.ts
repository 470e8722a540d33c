import { createHash } from 'node:crypto';
import type { Synapse } from '../synapse.ts';
import { SynapseError } from '../synapse-error.ts';

export type Message = { sender: string; body: string };

/** What people say to the bot in rooms, and what it says to them. */
export class Conversation {
  readonly #synapse: Synapse;

  constructor(synapse: Synapse) {
    this.#synapse = synapse;
  }

  /**
   * As Synapse has it, whoever told us of it. Nothing when the bot cannot read it, or there is no
   * text in it any more.
   */
  async read(roomId: string, eventId: string): Promise<Message | undefined> {
    try {
      const { type, sender, content } = await this.#synapse.call('read message', [roomId, eventId]);
      if (type !== 'm.room.message' || typeof content.body !== 'string') return undefined;
      return { sender, body: content.body };
    } catch (error) {
      if (isRefused(error)) return undefined;
      throw error;
    }
  }

  /**
   * Says something once, however often it is called with the same `reason`. Where the bot may not
   * speak it stays silent.
   */
  async say(roomId: string, text: string, reason: string): Promise<void> {
    const txnId = createHash('sha256').update(`${reason} ${text}`).digest('base64url');
    try {
      await this.#synapse.call('say in room', [roomId, txnId], { msgtype: 'm.notice', body: text });
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof SynapseError && (error.status === 403 || error.status === 404);
}
