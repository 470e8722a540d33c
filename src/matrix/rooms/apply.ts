import type { AuditAction } from '../../audit/actions.ts';
import { record } from '../../audit/events.ts';
import { GiveUp } from '../../jobs/task.ts';
import { SynapseError } from '../synapse-error.ts';
import type { Action } from './action.ts';
import type { RoomDependencies } from './dependencies.ts';
import type { Desired } from './desired.ts';
import { setPicture } from './picture.ts';
import type { RoomPlan } from './plan.ts';
import { clearHeld, countRemoval, markHeld } from './progress.store.ts';
import { isSameSet, mayBeMistake } from './removals.ts';
import { TimeSlice } from './time-slice.ts';

const notAdded = 'Only members whom the organisers added can be in this room.';

/** What people read who are taken out. */
const reasons = {
  left: 'You no longer belong to this room.',
  stranger: notAdded,
  outsider: notAdded,
  deleted: 'This room was closed.',
};

type Target = Pick<Desired, 'id' | 'tenantId' | 'held' | 'wantedVersion'> & { roomId: string };

/**
 * Does what was planned, one after the other, and writes down each. A step that Synapse refuses does
 * not keep the others from being done.
 *
 * @throws Superseded, Preempted; GiveUp when all that failed would fail again; another error when it is worth a try
 */
export async function applyPlan(
  dependencies: RoomDependencies,
  room: Target,
  plan: RoomPlan,
): Promise<void> {
  const failures: Error[] = [];
  const turn = new TimeSlice(dependencies.db, room);
  for (const action of plan.actions) {
    await turn.step();
    // Once the bot has left, it can do no more for whom it could not remove.
    if (action.kind === 'leave' && failures.length > 0) break;
    try {
      await apply(dependencies, room, action, plan);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      failures.push(error);
    }
  }
  await holdRemovals(dependencies, room, plan);
  if (failures.length === 0) return;
  const [message, options] = [summary(failures), { cause: failures[0] }];
  throw failures.every(isFinal) ? new GiveUp(message, options) : new Error(message, options);
}

/** When Synapse is away, or does not know us any more, all other steps would fail as well. */
function isRefusal(error: unknown): error is Error {
  if (error instanceof SynapseError) return error.kind !== 'retry' && error.status !== 401;
  return error instanceof GiveUp;
}

function isFinal(error: Error): boolean {
  return error instanceof GiveUp || (error instanceof SynapseError && error.kind === 'refused');
}

function summary(failures: readonly Error[]): string {
  const messages = [...new Set(failures.map(({ message }) => message))].join('; ');
  return failures.length === 1 ? messages : `${failures.length} steps failed: ${messages}`;
}

async function apply(dependencies: RoomDependencies, room: Target, action: Action, plan: RoomPlan) {
  const done = await call(dependencies, room, action);
  const { db } = dependencies;
  if (action.kind === 'kick' && mayBeMistake(action) && !plan.confirmed) {
    await countRemoval(db, room.tenantId);
  }
  if (!done) return;
  await record(db, {
    action: done.action,
    actor: 'system',
    outcome: done.outcome,
    tenantId: room.tenantId,
    target: room.id,
    detail: done.detail,
  });
}

type Done = {
  action: AuditAction;
  outcome?: 'success' | 'failure';
  detail?: Record<string, string | number>;
};

const pictureDone: Record<'set' | 'later' | 'never', Done> = {
  set: { action: 'room.state_set', detail: { type: 'm.room.avatar' } },
  later: { action: 'room.picture_missed', outcome: 'failure' },
  never: { action: 'room.picture_refused', outcome: 'failure' },
};

async function call(
  dependencies: RoomDependencies,
  { id, roomId }: Target,
  action: Action,
): Promise<Done | undefined> {
  const { rooms } = dependencies;
  switch (action.kind) {
    case 'levels':
      await rooms.setState(roomId, 'm.room.power_levels', '', action.content);
      return { action: 'room.levels_set', detail: { people: action.changed } };
    case 'state':
      await rooms.setState(roomId, action.type, action.stateKey, action.content);
      return { action: 'room.state_set', detail: { type: action.type } };
    case 'alias':
      return setAlias(dependencies, roomId, action);
    case 'picture':
      return pictureDone[await setPicture(dependencies, { id, roomId, url: action.url })];
    case 'join':
      return join(dependencies, roomId, action);
    case 'kick':
      await rooms.kick(roomId, action.userId, reasons[action.reason]);
      return {
        action: 'room.member_removed',
        detail: { member: action.accountId ?? action.userId, reason: action.reason },
      };
    case 'ban':
      await rooms.ban(roomId, action.userId, 'The organisers banned you from this room.');
      return { action: 'room.member_banned', detail: { member: action.accountId } };
    case 'unban':
      await rooms.unban(roomId, action.userId);
      return { action: 'room.member_unbanned', detail: { member: action.accountId } };
    case 'free alias':
      // It may be another room's by now.
      if ((await rooms.roomOfAlias(action.alias)) === roomId) await rooms.removeAlias(action.alias);
      return { action: 'room.alias_freed' };
    case 'leave':
      await rooms.leave(roomId);
      return { action: 'room.left' };
    case 'purge':
      await purge(dependencies, roomId);
      return { action: 'room.purged' };
  }
}

/** Where Synapse does not let somebody be put in, they are asked. */
async function join(
  { rooms }: RoomDependencies,
  roomId: string,
  { userId, accountId, isInvited }: Extract<Action, { kind: 'join' }>,
): Promise<Done | undefined> {
  const detail = { member: accountId };
  try {
    await rooms.putInto(roomId, userId);
    return { action: 'room.member_joined', detail };
  } catch (error) {
    if (!(error instanceof SynapseError) || error.kind === 'retry') throw error;
    if (isInvited) return undefined;
    await rooms.invite(roomId, userId).catch(() => {
      throw error;
    });
    return { action: 'room.member_invited', detail };
  }
}

async function setAlias(
  { rooms }: RoomDependencies,
  roomId: string,
  { alias, others }: Extract<Action, { kind: 'alias' }>,
): Promise<Done> {
  const holder = await rooms.roomOfAlias(alias);
  if (holder && holder !== roomId) {
    throw new GiveUp(`The alias ${alias} is that of ${holder}: remove it there`);
  }
  if (!holder) await rooms.putAlias(alias, roomId);
  await rooms.setState(roomId, 'm.room.canonical_alias', '', {
    alias,
    ...(others.length > 0 && { alt_aliases: others }),
  });
  return { action: 'room.state_set', detail: { type: 'm.room.canonical_alias' } };
}

async function purge({ rooms }: RoomDependencies, roomId: string): Promise<void> {
  const status = await rooms.purge(roomId);
  if (status !== 'complete') throw new Error(`Synapse has not purged ${roomId} yet: ${status}`);
}

/** Asks an operator about removals that are too many, and forgets the question when it is over. */
async function holdRemovals(
  { db }: RoomDependencies,
  room: Target,
  { held }: RoomPlan,
): Promise<void> {
  if (held.length === 0) {
    if (room.held) await clearHeld(db, room.id);
    return;
  }
  if (room.held && isSameSet(room.held.users, held)) return;
  const users = held.map(({ userId }) => userId);
  const { digest } = await markHeld(db, room.id, users);
  await record(db, {
    action: 'room.removals_held',
    actor: 'system',
    tenantId: room.tenantId,
    target: room.id,
    detail: { count: users.length, digest },
  });
}
