import fc from 'fast-check';
import { eventTypes } from '../../src/entities/event-statements.ts';

/** An event as a platform reports it. */
export type Reported = {
  id: string;
  type: string;
  occurredAt: string;
  sequence?: number;
  entityType?: string;
  entitySlug: string;
  userSlug: string;
  newRole?: string | null;
  creatorSlug?: string;
  name?: string | null;
  topic?: string | null;
};

const people = ['ada', 'bea', 'cy'];
const start = Date.UTC(2026, 0, 1);
const aboutGroups = eventTypes.filter((type) => type.startsWith('group.'));

/**
 * What a platform might report of two groups: few people, moments and numbers, so that statements meet,
 * and ties are as common as they are rare in life.
 */
export const history: fc.Arbitrary<Reported[]> = fc
  .array(
    fc.record({
      type: fc.constantFrom(...aboutGroups, 'user.role.changed'),
      at: fc.nat(12),
      microsecond: fc.constantFrom('', '001', '002'),
      sequence: fc.option(fc.nat(3), { nil: undefined, freq: 2 }),
      entitySlug: fc.constantFrom('chess', 'go'),
      userSlug: fc.constantFrom(...people),
      newRole: fc.constantFrom('owner', 'admin', 'member', 'banned', null),
      creatorSlug: fc.option(fc.constantFrom(...people), { nil: undefined }),
      name: fc.option(fc.constantFrom('Chess', 'Go', null), { nil: undefined }),
      topic: fc.option(fc.constantFrom('Tuesdays', 'Fridays'), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map((drafts) =>
    drafts.map(({ at, microsecond, ...draft }, place) => ({
      ...draft,
      id: `e${place}`,
      entityType: 'group',
      occurredAt: new Date(start + at).toISOString().replace('Z', `${microsecond}Z`),
    })),
  );

/** The same history as it may arrive: shuffled, and some of it twice. */
export function deliveryOf(events: readonly Reported[]): fc.Arbitrary<Reported[]> {
  return fc.subarray([...events]).chain((again) =>
    fc.shuffledSubarray([...events, ...again], {
      minLength: events.length + again.length,
      maxLength: events.length + again.length,
    }),
  );
}

export const delivery = history.chain((events) =>
  fc.record({ events: fc.constant(events), arrived: deliveryOf(events) }),
);

/** The same history of entities of their own. */
export function renamed(events: readonly Reported[], prefix: string): Reported[] {
  return events.map((event) => ({
    ...event,
    id: `${prefix}-${event.id}`,
    entitySlug: `${prefix}-${event.entitySlug}`,
  }));
}

export function inBatches<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, nth) =>
    items.slice(nth * size, (nth + 1) * size),
  );
}
