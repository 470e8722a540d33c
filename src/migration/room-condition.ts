import type { Synapse } from '../matrix/synapse.ts';
import { SynapseError } from '../matrix/synapse-error.ts';
import { withRetries } from './retries.ts';

/**
 * - `valid`: Synapse has it, and somebody of this server is in it
 * - `missing`: Synapse has no such room
 * - `deserted`: nobody of this server is in it, so nobody here can do anything to it
 * - `replaced`: it was upgraded, and people are to go on in another
 */
export type Condition = 'valid' | 'missing' | 'deserted' | 'replaced';

export type RoomCondition = { condition: Condition; version?: string; replacement?: string };

export async function conditionOf(
  synapse: Pick<Synapse, 'call'>,
  roomId: string,
): Promise<RoomCondition> {
  try {
    const room = await withRetries(() => synapse.call('read room', [roomId]));
    const version = room.version ?? '1';
    if (room.tombstoned) {
      return { condition: 'replaced', version, replacement: room.replacement_room ?? undefined };
    }
    return { condition: room.joined_local_members === 0 ? 'deserted' : 'valid', version };
  } catch (error) {
    const isMissing = error instanceof SynapseError && error.errcode === 'M_NOT_FOUND';
    if (isMissing) return { condition: 'missing' };
    throw error;
  }
}
