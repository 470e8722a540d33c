import { setTimeout as pause } from 'node:timers/promises';
import { record } from '../../audit/events.ts';
import { GiveUp } from '../../jobs/task.ts';
import { SynapseError } from '../synapse-error.ts';
import { type Actual, actualOf, rowKey } from './actual.ts';
import type { RoomDependencies } from './dependencies.ts';
import type { Desired } from './desired.ts';
import { firstLevels } from './levels.ts';
import { atomically } from './lock.store.ts';
import { markMade } from './progress.store.ts';
import { firstState } from './state.ts';

/**
 * The room of an entity that has none: one that we began before under its alias and never noted, or
 * a new one. Either way there is one room of this row with one alias.
 *
 * @throws GiveUp when the alias is somebody else's
 */
export async function makeRoom(dependencies: RoomDependencies, desired: Desired): Promise<string> {
  const found = await findRoom(dependencies, desired);
  const roomId = found ?? (await create(dependencies, desired));
  await atomically(dependencies.db, async () => {
    await markMade(dependencies.db, desired.id, roomId);
    await record(dependencies.db, {
      action: found ? 'room.adopted' : 'room.created',
      actor: 'system',
      tenantId: desired.tenantId,
      target: desired.id,
      detail: { roomId },
    });
  });
  return roomId;
}

/** A room of this row that stands under its alias; an alias that leads nowhere is removed. */
export async function findRoom(
  dependencies: RoomDependencies,
  desired: Desired,
): Promise<string | undefined> {
  const { rooms, settings } = dependencies;
  const { alias } = desired;
  const roomId = alias ? await rooms.roomOfAlias(alias) : undefined;
  if (!alias || !roomId) return undefined;
  if (roomId !== desired.formerRoomId) {
    const actual = await settled(dependencies, roomId);
    const { created } = actual;
    const isOurs = created?.by === settings.bot && created.row === desired.id;
    if (created && !isOurs)
      throw new GiveUp(
        `The alias ${alias} is that of ${roomId}, which is another room: remove it there, or link that room`,
      );
    // Without its creator nobody can ever enter it.
    if (isOurs && actual.members.get(settings.bot)?.membership === 'join') return roomId;
  }
  await rooms.removeAlias(alias);
  return undefined;
}

/** A room once its first state is there: Synapse goes on with what a caller that died asked for. */
async function settled({ rooms, settlingMs }: RoomDependencies, roomId: string): Promise<Actual> {
  for (const deadline = performance.now() + settlingMs; ; ) {
    const actual = actualOf(roomId, (await rooms.readState(roomId)) ?? []);
    const isFinished = actual.state('m.room.power_levels') !== undefined;
    if (isFinished || performance.now() > deadline) return actual;
    await pause(250);
  }
}

async function create({ rooms, settings }: RoomDependencies, desired: Desired): Promise<string> {
  const { id, alias, name, topic, type } = desired;
  const version = await rooms.defaultVersion();
  const body = {
    visibility: 'private',
    preset: 'private_chat',
    ...(alias && { room_alias_name: alias.slice(1, alias.indexOf(':')) }),
    ...(name && { name }),
    ...(topic && { topic }),
    room_version: version,
    creation_content: { [rowKey]: id, ...(type === 'space' && { type: 'm.space' }) },
    power_level_content_override: firstLevels(desired, settings.bot, version),
    initial_state: firstState(desired, settings).map(({ type, stateKey, content }) => ({
      type,
      state_key: stateKey,
      content,
    })),
  };
  return rooms.create(body).catch((error) => {
    if (!(error instanceof SynapseError) || error.errcode !== 'M_EXCLUSIVE') throw error;
    throw new GiveUp(
      `The bot may not use the alias ${alias}: Synapse needs the registration that is printed now, and the worker the token in it`,
      { cause: error },
    );
  });
}
