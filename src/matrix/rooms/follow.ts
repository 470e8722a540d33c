import { record } from '../../audit/events.ts';
import { isTaken, lockMatrixRoom } from '../../entities/links.store.ts';
import { syncAllRooms } from '../../entities/matrix-backend.ts';
import { SynapseError } from '../synapse-error.ts';
import { type Actual, actualOf, readActual } from './actual.ts';
import { applyPlan } from './apply.ts';
import type { RoomDependencies } from './dependencies.ts';
import type { Desired } from './desired.ts';
import { highest, levelIn } from './levels.ts';
import { atomically } from './lock.store.ts';
import { isOver, planRoom, type RoomPlan } from './plan.ts';
import { markFollowed } from './progress.store.ts';
import { planFormerRoom, predecessorOf, replacementOf, whyNoReplacement } from './replacement.ts';

type WithRoom = Desired & { roomId: string };

export type Followed =
  | { roomId: string }
  /** `waits` for somebody to let the bot in, or to give it what it needs. */
  | { obstacle: string; waits: boolean };

/**
 * Goes on in the room that this one was upgraded to by hand: once the bot is in it and has the power
 * to keep it, it is the entity's room.
 *
 * @returns nothing where the room was not upgraded
 */
export async function followUpgrade(
  dependencies: RoomDependencies,
  desired: WithRoom,
  actual: Actual,
): Promise<Followed | undefined> {
  const to = replacementOf(actual);
  if (to === undefined || isOver(desired, actual)) return undefined;
  const what = `${actual.roomId} was upgraded by hand to ${to || 'another room'}`;
  const why = to === '' ? 'which nobody named' : await whyNot(dependencies, actual, to);
  if (why) return { obstacle: `${what}, ${why}: ${remedies[desired.origin]}`, waits: false };
  const lack = await enter(dependencies, desired, to);
  if (lack) return { obstacle: `${what}, ${lack}`, waits: true };
  if (await take(dependencies, desired, to)) return { roomId: to };
  return {
    obstacle: `${what}, which is another entity’s: ${remedies[desired.origin]}`,
    waits: false,
  };
}

const again = 'unlink it, then link the new one';
const remedies = {
  made: 'the platform must delete the entity and tell of it anew, for a new room',
  linked: again,
  imported: again,
};

async function whyNot({ db, rooms, settings }: RoomDependencies, actual: Actual, to: string) {
  const events = await rooms.readState(to);
  const candidate = events && actualOf(to, events);
  const why = whyNoReplacement(actual, candidate, settings.serverName);
  return why ?? ((await isTaken(db, to)) ? 'which is another entity’s' : undefined);
}

/**
 * Into rooms that replace one of ours the bot lets itself; into those that others had before us it
 * comes when it is invited, as into any.
 *
 * @returns what it lacks there
 */
async function enter(
  { rooms, settings: { bot } }: RoomDependencies,
  { origin }: WithRoom,
  to: string,
): Promise<string | undefined> {
  const look = async () => actualOf(to, (await rooms.readState(to)) ?? []);
  const isIn = (room: Actual) => room.members.get(bot)?.membership === 'join';
  const hasPower = (room: Actual) => levelIn(room, bot) >= highest;
  let room = await look();
  if (origin === 'made' && !(isIn(room) && hasPower(room))) {
    await unlessRefused(rooms.regainPower(to, bot));
    room = await look();
  }
  if (room.members.get(bot)?.membership === 'invite') {
    await unlessRefused(rooms.join(to));
    room = await look();
  }
  if (!isIn(room)) return `in which the bot is not: somebody there must invite ${bot}`;
  if (hasPower(room)) return undefined;
  return `in which the bot has power level ${levelIn(room, bot)}: somebody there must give it ${highest}`;
}

/** What was not allowed is seen by what the bot lacks then. */
async function unlessRefused(call: Promise<void>): Promise<void> {
  await call.catch((error) => {
    if (!(error instanceof SynapseError) || error.kind === 'retry') throw error;
  });
}

/** @returns false where it became another entity's meanwhile */
function take({ db }: RoomDependencies, desired: WithRoom, to: string): Promise<boolean> {
  const { id, tenantId, roomId, type } = desired;
  return atomically(db, async () => {
    await lockMatrixRoom(db, to);
    if (await isTaken(db, to)) return false;
    if (!(await markFollowed(db, id, { from: roomId, to }))) return false;
    await record(db, {
      ...{ action: 'room.upgrade_followed', actor: 'system', tenantId, target: id },
      detail: { from: roomId, roomId: to },
    });
    if (type === 'space') await syncAllRooms(db, tenantId);
    return true;
  });
}

/** The room before an upgrade that we followed, as long as the bot is in it. */
export async function repairFormerRoom(
  dependencies: RoomDependencies,
  desired: WithRoom,
  actual: Actual,
  { held }: RoomPlan,
): Promise<void> {
  const { formerRoomId: roomId } = desired;
  if (!roomId || predecessorOf(actual) !== roomId) return;
  const { bot } = dependencies.settings;
  const former = await readActual(dependencies, { ...desired, roomId });
  if (former?.members.get(bot)?.membership !== 'join') return;
  const place = { ...desired, roomId, held: null };
  const plan = isOver(desired, actual)
    ? planRoom({ ...place, state: 'deleted' }, former, dependencies.settings)
    : planFormerRoom(place, former, held, bot);
  await applyPlan(dependencies, place, plan);
}
