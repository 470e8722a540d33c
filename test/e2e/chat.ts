import type { MatrixClient, Room } from 'matrix-js-sdk';
import { logger as sharedLogger } from 'matrix-js-sdk/lib/logger.js';
import { until } from '../support/until.ts';
import { type Device, signInDevice } from './matrix.ts';

// Parts of the SDK write to this one, and to its children, whatever a client was given.
const shared = sharedLogger as unknown as { methodFactory: object; rebuild(): void };
shared.methodFactory = () => () => {};
shared.rebuild();

/** A Matrix client that syncs: all it knows came to it by itself. */
export type Chat = Device & {
  /** Waits until the room looks so in the client. */
  sees(roomId: string, what: string, look: (room: Room) => boolean): Promise<Room>;
  /** Waits until the client has this membership in the room: `join`, `leave`, `ban`, `invite`. */
  is(membership: string, roomId: string): Promise<Room>;
  /** Waits until a member has this power level in the client. */
  seesLevel(roomId: string, userId: string, level: number): Promise<Room>;
};

/** Generous: the machine may have a lot else to do. */
const timeout = 45_000;

export async function openChat(homeserver: string, loginToken: string): Promise<Chat> {
  const device = await signInDevice(homeserver, loginToken);
  const { client } = device;
  await client.startClient({ initialSyncLimit: 10, pollTimeout: 10_000 });
  await until(() => client.isInitialSyncComplete(), { what: 'the first sync', timeout });
  const sees = async (roomId: string, what: string, look: (room: Room) => boolean) => {
    const found = () => {
      const room = client.getRoom(roomId);
      return room && look(room) ? room : undefined;
    };
    return until(found, { what: `${device.userId} to see ${what}`, timeout, every: 5 });
  };
  return {
    ...device,
    sees,
    is: (membership, roomId) =>
      sees(roomId, `their ${membership}`, (room) => room.getMyMembership() === membership),
    seesLevel: (roomId, userId, level) =>
      sees(roomId, `the level ${level} of ${userId}`, (room) => levelIn(room, userId) === level),
  };
}

export function levelIn(room: Room, userId: string): number {
  const levels = contentOf(room, 'm.room.power_levels');
  return ((levels?.users ?? {}) as Record<string, number>)[userId] ?? 0;
}

/** As the client has it from its sync. */
export function contentOf(room: Room, type: string): Record<string, unknown> | undefined {
  return room.currentState.getStateEvents(type, '')?.getContent();
}

/** The error code with which the homeserver refuses what a client tries; none if it does not. */
export async function refusalOf(attempt: Promise<unknown>): Promise<string | undefined> {
  return attempt.then(
    () => undefined,
    (error: { errcode?: string }) => error.errcode ?? String(error),
  );
}

/** Sends a message, as a person does. */
export function say(client: MatrixClient, roomId: string, body: string): Promise<unknown> {
  return client.sendTextMessage(roomId, body);
}
