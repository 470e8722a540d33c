import type { Service } from '../../test/support/service.ts';
import { slugOf } from './people.ts';
import type { PlatformApi } from './platform-api.ts';
import { type Samples, samplesOf } from './samples.ts';

type Outcome = { checked: number; drifted: number; failed: number };

/** Compares so many rooms, each with a few people, with what they should be: they are. */
export async function reconcileAll(
  service: Service,
  api: PlatformApi,
  rooms: number,
): Promise<Samples> {
  await makeRooms(api, rooms);
  const begun = performance.now();
  const { checked, drifted, failed } = await service.cli<Outcome>('rooms', 'reconcile');
  const taken = performance.now() - begun;
  if (checked < rooms || drifted > 0 || failed > 0) {
    throw new Error(`${checked} rooms compared, ${drifted} differ, ${failed} failed`);
  }
  return samplesOf(`reconcile of ${checked} rooms`, [taken]);
}

/** Says of all of them at once that they exist, and waits until they do. */
async function makeRooms(api: PlatformApi, count: number): Promise<void> {
  const occurredAt = new Date().toISOString();
  const created = Array.from({ length: count }, (_, index) => ({
    id: `group-${index}`,
    type: 'group.created',
    occurredAt,
    entityType: 'group',
    entitySlug: `group-${index}`,
    name: `Group ${index}`,
    creatorSlug: slugOf(index % 50),
  }));
  const joined = created.flatMap(({ entitySlug }, index) =>
    [1, 2].map((next) => ({
      id: `member-${index}-${next}`,
      type: 'group.member.added',
      occurredAt,
      entityType: 'group',
      entitySlug,
      userSlug: slugOf((index + next) % 50),
      newRole: 'member',
    })),
  );
  await api.call('POST', '/events', { events: [...created, ...joined] });
  for (;;) {
    const { rooms } = await api.call<{ rooms: { sync: { state: string } }[] }>(
      'GET',
      '/matrix/rooms?entityType=group&limit=500',
    );
    if (rooms.length === count && rooms.every(({ sync }) => sync.state === 'done')) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
