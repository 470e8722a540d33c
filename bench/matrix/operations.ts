import type { MatrixClient, MatrixEvent } from 'matrix-js-sdk';
import { slugOf } from './people.ts';
import type { PlatformApi } from './platform-api.ts';
import { type Samples, samplesOf, time, until } from './samples.ts';
import { type Session, signIn, start } from './sign-ins.ts';

type RoomRecord = { roomId: string | null; sync: { state: string; error?: unknown } };

/** From the platform's call to the answer that carries the room's id, its creator inside. */
export function createRooms(api: PlatformApi, runs: number): Promise<Samples> {
  return time('room creation', runs, async (index) => {
    const begun = performance.now();
    await createRoom(api, `creation-${index}`, slugOf(index));
    return performance.now() - begun;
  });
}

export async function createRoom(api: PlatformApi, slug: string, creatorSlug: string) {
  const room = await api.call<RoomRecord>('POST', '/matrix/rooms?wait=20', {
    entityType: 'event',
    entitySlug: slug,
    creatorSlug,
    name: `Event ${slug}`,
  });
  if (!room.roomId) throw new Error(`No room: ${JSON.stringify(room)}`);
  return room.roomId;
}

/** Puts somebody into a room and waits until the room is as it should be. */
export async function addAttendee(api: PlatformApi, slug: string, userSlug: string) {
  const path = `/matrix/rooms/by-entity/event/${slug}/members/${userSlug}?wait=20`;
  await api.call('PUT', path, { role: 'attendee' });
}

/** From the event that tells of a new role to the power level in that person's client. */
export function syncPermissions(
  api: PlatformApi,
  { client }: Session,
  {
    slug,
    roomId,
    userSlug,
    runs,
  }: { slug: string; roomId: string; userSlug: string; runs: number },
): Promise<Samples> {
  const userId = client.getUserId() as string;
  return time('permission sync, API to client', runs, (index) => {
    const [newRole, level] = index % 2 === 0 ? ['organizer', 50] : ['attendee', 0];
    const seen = nextEvent(client, (event) => {
      if (event.getType() !== 'm.room.power_levels' || event.getRoomId() !== roomId) return false;
      return (event.getContent().users?.[userId] ?? 0) === level;
    });
    const act = () =>
      api.call('POST', '/events', {
        id: `role-${index}`,
        type: 'user.role.changed',
        occurredAt: new Date().toISOString(),
        entityType: 'event',
        entitySlug: slug,
        userSlug,
        newRole,
      });
    return until(act, seen);
  });
}

/** From one client's key press to another client's screen. */
export function deliverMessages(
  [from, to]: readonly [Session, Session],
  roomId: string,
  runs: number,
): Promise<Samples> {
  return time('message delivery', runs, (index) => {
    const body = `message ${index}`;
    const seen = nextEvent(to.client, (event) => event.getContent().body === body);
    return until(() => from.client.sendTextMessage(roomId, body), seen);
  });
}

function nextEvent(client: MatrixClient, wanted: (event: MatrixEvent) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const listener = (event: MatrixEvent) => {
      if (!wanted(event)) return;
      client.off('event' as never, listener as never);
      resolve();
    };
    client.on('event' as never, listener as never);
  });
}

/** From the platform's call to the first refusal of the person's Matrix token. */
export function revoke(
  api: PlatformApi,
  homeserver: string,
  sessions: readonly { session: Session; userSlug: string }[],
): Promise<Samples> {
  return time('revoke, API to refused token', sessions.length, async (index) => {
    const { session, userSlug } = sessions[index] as (typeof sessions)[number];
    const act = () => api.call('POST', '/matrix/access/revoke', { userSlug });
    return until(act, refused(homeserver, session.accessToken));
  });
}

async function refused(homeserver: string, accessToken: string): Promise<void> {
  for (;;) {
    const { status } = await fetch(`${homeserver}/_matrix/client/v3/account/whoami`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    if (status === 401) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Sign-ins by everybody, a few at a time, each up to a client that shows its rooms. */
export async function startClients(homeserver: string, count: number): Promise<Samples> {
  const taken: number[] = [];
  let failures = 0;
  let next = 0;
  const runner = async () => {
    while (next < count) {
      const index = next++;
      const begun = performance.now();
      try {
        const session = await signIn(homeserver, index);
        await start(session);
        taken.push(performance.now() - begun);
        session.client.stopClient();
      } catch (error) {
        failures += 1;
        console.error(`Person ${index} could not start a client:`, error);
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, runner));
  return samplesOf('sign-in to a started client', taken, failures);
}
