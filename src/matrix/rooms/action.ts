import type { PowerLevels } from './levels.ts';

/**
 * Why somebody is taken out.
 * - `stranger`: without a role, but of the tenant, once named for the room, or there before us
 * - `outsider`: anybody else whom somebody let in, or wanted to
 */
export type KickReason = 'left' | 'stranger' | 'outsider' | 'deleted';

export type Kick = { kind: 'kick'; userId: string; accountId?: string; reason: KickReason };

/** One step towards a room as it should be: one call to Synapse, but for those that say more. */
export type Action =
  | { kind: 'levels'; content: PowerLevels; changed: number }
  | { kind: 'state'; type: string; stateKey: string; content: object }
  /** Has Synapse know the alias again, and shows it in the room. */
  | { kind: 'alias'; alias: string; others: readonly string[] }
  /** Fetches a picture, gives it to Synapse and shows it in the room. */
  | { kind: 'picture'; url: string }
  | { kind: 'join'; userId: string; accountId: string; isInvited: boolean }
  | { kind: 'ban' | 'unban'; userId: string; accountId: string }
  | Kick
  | { kind: 'free alias'; alias: string }
  | { kind: 'leave' }
  | { kind: 'purge' };

const reasons: Readonly<Record<KickReason, string>> = {
  left: 'has no role any more',
  stranger: 'came by other means',
  outsider: 'came by other means',
  deleted: 'the room is given up',
};

const states: Readonly<Record<string, string>> = {
  'm.room.name': 'set the name',
  'm.room.topic': 'set the topic',
  'm.room.avatar': 'set the picture',
  'm.room.join_rules': 'let in only whom the platform names',
  'm.room.guest_access': 'keep guests out',
  'm.room.history_visibility': 'set who may read what was written before',
  'm.room.encryption': 'turn encryption on',
  'com.openmeet.room.metadata': 'write whose room it is',
  'm.space.parent': 'name the space it is in',
  'm.space.child': 'say which rooms the space holds',
};

/** In words, for reports: what would be done to the room. */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case 'levels':
      return `set the power levels (${action.changed} people)`;
    case 'state':
      return states[action.type] ?? `set ${action.type}`;
    case 'alias':
      return `give it the alias ${action.alias}`;
    case 'picture':
      return 'fetch and set the picture';
    case 'join':
      return `join ${action.userId}`;
    case 'kick':
      return `remove ${action.userId}: ${reasons[action.reason]}`;
    case 'ban':
    case 'unban':
      return `${action.kind} ${action.userId}`;
    case 'free alias':
      return `free the alias ${action.alias}`;
    case 'leave':
      return 'have the bot leave';
    case 'purge':
      return 'purge it with all that was written';
  }
}
