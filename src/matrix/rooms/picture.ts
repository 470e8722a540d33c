import { enqueue } from '../../jobs/enqueue.ts';
import type { RoomDependencies } from './dependencies.ts';
import { markPicture } from './progress.store.ts';

/** Minutes between two tries to fetch a picture. */
const pauses = [0.2, 2, 10];

/**
 * Fetches a room's picture and shows it. One that cannot be had keeps nothing else from being done:
 * it is tried again a few times, and then the room does without.
 */
export async function setPicture(
  { db, rooms, fetchPicture, pictureTries }: RoomDependencies,
  { id, roomId, url }: { id: string; roomId: string; url: string },
): Promise<'set' | 'later' | 'never'> {
  const picture = await fetchPicture(url).catch(() => undefined);
  const pause = pauses[pictureTries];
  if (!picture && pause !== undefined) {
    const [tries, runAt] = [pictureTries + 1, new Date(Date.now() + pause * 60_000)];
    await enqueue(db, 'sync-room', { room: id, pictureTries: tries }, { runAt });
    return 'later';
  }
  const mxc = picture ? await rooms.upload(picture) : null;
  await markPicture(db, id, { source: url, mxc });
  if (!mxc) return 'never';
  await rooms.setState(roomId, 'm.room.avatar', '', { url: mxc });
  return 'set';
}
