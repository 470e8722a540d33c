import type { RoomSettings } from '../../entities/room.ts';
import type { Action, Kick } from './action.ts';
import type { Actual } from './actual.ts';
import type { Desired } from './desired.ts';
import { highest, levelIn, planLevels } from './levels.ts';
import { isPresent, planMembers } from './members.ts';
import { judgeRemovals, mayBeMistake } from './removals.ts';
import { planState } from './state.ts';

export type PlanSettings = Pick<RoomSettings, 'historyVisibility' | 'removalShare'> & {
  serverName: string;
  /** The bot's Matrix ID. */
  bot: string;
};

export type RoomPlan = {
  /** In the order in which they are to be done; none when the room is as it should be. */
  actions: readonly Action[];
  /** Removals that wait for an operator to confirm them. */
  held: readonly Kick[];
  /** The removals among the actions were confirmed. */
  confirmed: boolean;
  /** What is not as it should be and the bot cannot change, in words. */
  obstacles: readonly string[];
  /** What is wrong also when all of this was done, and what a human must do. */
  remains: readonly string[];
  /** Why nothing can be done before the bot is mended, and what a human must do. */
  problem?: string;
  /** What the bot may try itself against the problem. */
  remedy?: 'return' | 'regain power';
};

export const nothingToDo: RoomPlan = {
  ...{ actions: [], held: [], confirmed: false },
  ...{ obstacles: [], remains: [] },
};

/** Whether the room that Synapse has is to be given up. */
export function isOver(desired: Desired, actual: Actual): boolean {
  if (desired.state === 'deleted') return true;
  // The entity was deleted and came back before the worker saw either.
  const { created } = actual;
  return desired.origin === 'made' && created !== undefined && created.at < desired.membersSince;
}

/** What is to be done to a room. Pure: the same for the worker, the reconciliation and dry runs. */
export function planRoom(desired: Desired, actual: Actual, settings: PlanSettings): RoomPlan {
  if (isOver(desired, actual)) return planEnd(desired, actual, settings.bot);
  const trouble = troubleOfBot(desired, actual, settings.bot);
  if (trouble) return { ...nothingToDo, ...trouble };
  const { bot } = settings;
  const members = planMembers(desired, actual, bot);
  const present = [...actual.members].filter(([id, member]) => id !== bot && isPresent(member));
  const doubtful = members.kicks.filter(mayBeMistake);
  const verdict = judgeRemovals(doubtful, desired, {
    people: present.length,
    share: settings.removalShare,
  });
  const held = verdict === 'hold' ? doubtful : [];
  const levels = planLevels(desired, actual, bot, whoIsGone(desired, actual, held));
  const bans = members.others.filter(({ kind }) => kind === 'ban');
  const comings = members.others.filter(({ kind }) => kind !== 'ban');
  const isReplaced = actual.state('m.room.tombstone') !== undefined;
  // Synapse has moved the alias to the room that people are to go on in.
  const state = planState(isReplaced ? { ...desired, alias: null } : desired, actual, settings);
  const remains = stuckPeople(desired, members.untouchable);
  return {
    remains,
    actions: [
      ...(levels.content
        ? [{ kind: 'levels' as const, content: levels.content, changed: levels.changed }]
        : []),
      ...bans,
      ...members.kicks.filter((kick) => !held.includes(kick)),
      // Before anybody comes in: in a half-made room Synapse lets nobody in without join rules.
      ...state.filter(({ kind }) => kind === 'state'),
      ...comings,
      ...state.filter(({ kind }) => kind !== 'state'),
    ],
    held,
    confirmed: verdict === 'confirmed',
    obstacles: [
      ...(isReplaced ? [`${actual.roomId} was upgraded by hand.`] : []),
      ...levels.untouchable.map((id) => `The level of ${id} is as high as the bot's.`),
      ...members.untouchable.map((id) => `${id} is as powerful as the bot: it cannot remove them.`),
    ],
  };
}

/** Whom the platform wants out. That a room's own administrators stay is known to who linked it. */
function stuckPeople({ people }: Desired, untouchable: readonly string[]): string[] {
  const named = new Set(people.map(({ userId }) => userId));
  return untouchable
    .filter((userId) => named.has(userId))
    .map(
      (id) =>
        `${id} must not be in it, and is as powerful as the bot: they must leave, or an administrator of Synapse must see to it`,
    );
}

/** Those without a role, and strangers where they are not kept. */
function whoIsGone(desired: Desired, actual: Actual, held: readonly Kick[]) {
  const waiting = new Set(held.map(({ userId }) => userId));
  const known = new Set(desired.people.map(({ userId }) => userId));
  return (userId: string) =>
    !waiting.has(userId) &&
    !actual.bridged.has(userId) &&
    (known.has(userId) || desired.strangers === 'remove');
}

/** Everybody out, the alias free, and the bot gone: what was written stays, or goes with the room. */
function planEnd(desired: Desired, actual: Actual, bot: string): RoomPlan {
  const { alias, origin } = desired;
  const free: Action[] = alias ? [{ kind: 'free alias', alias }] : [];
  if (desired.purge && origin !== 'linked') {
    return { ...nothingToDo, actions: [...free, { kind: 'purge' }] };
  }
  // A linked room has people of its own, whom no deletion of ours concerns.
  const ours = new Set(desired.people.map(({ userId }) => userId));
  const power = levelIn(actual, bot);
  const kicks = [...actual.members]
    .filter(([id, member]) => id !== bot && isPresent(member) && levelIn(actual, id) < power)
    .filter(([id]) => origin !== 'linked' || ours.has(id))
    .map(([userId]): Kick => ({ kind: 'kick', userId, reason: 'deleted' }));
  if (actual.members.get(bot)?.membership === 'join') {
    return { ...nothingToDo, actions: [...free, ...kicks, { kind: 'leave' }] };
  }
  // It has left already, unless somebody has put it out before.
  const stuck = kicks.length > 0 && origin !== 'linked';
  return stuck
    ? { ...nothingToDo, ...troubleOfBot(desired, actual, bot) }
    : { ...nothingToDo, actions: free };
}

function troubleOfBot(
  { origin }: Desired,
  actual: Actual,
  bot: string,
): Pick<RoomPlan, 'problem' | 'remedy'> | undefined {
  const { roomId } = actual;
  const membership = actual.members.get(bot)?.membership;
  if (membership !== 'join') {
    const problem = `The bot ${bot} is not in ${roomId}: somebody with the power to invite must invite it there`;
    const mayReturn = origin === 'made' || membership === 'invite';
    return { problem, ...(mayReturn && { remedy: 'return' }) };
  }
  const level = levelIn(actual, bot);
  if (level >= highest) return undefined;
  const problem = `The bot ${bot} has power level ${level} in ${roomId} and needs ${highest}: somebody who has ${highest} there must give it back`;
  return { problem, ...(origin === 'made' && { remedy: 'regain power' }) };
}
