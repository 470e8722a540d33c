import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { type EventStatement, readEvent } from '../../src/entities/event-statements.ts';
import { instantOf } from '../../src/entities/instant.ts';
import type { Stamp } from '../../src/entities/order.ts';
import {
  belongs,
  type Desired,
  type MemberState,
  withEntityStatement,
  withMemberStatement,
} from '../../src/entities/statements.ts';
import { delivery, type Reported } from './histories.ts';

/** What an entity is that nobody has told of. */
const nothingDesired: Desired = {
  state: 'awaited',
  name: null,
  topic: null,
  avatarUrl: null,
  creatorSlug: null,
  encrypted: false,
  crossTenant: false,
  purge: false,
  stamps: {},
  membersSince: null,
};

type Entity = { desired: Desired; members: Record<string, MemberState> };

function read(reported: Reported): EventStatement {
  const { id, occurredAt, sequence = null, ...rest } = reported;
  const stamp = { sequence, occurredAt: instantOf(occurredAt), eventId: id };
  const reading = readEvent({ ...rest, stamp });
  assert.ok('about' in reading, JSON.stringify(reading));
  return reading;
}

/** The person that an event says something of, and what. */
function saidIn(reading: EventStatement) {
  if (reading.about === 'entity') return reading.creator;
  return reading.about === 'member' ? reading.member : undefined;
}

/** What is known of each entity once these have been heard, in this order. */
function told(events: readonly Reported[]): Map<string, Entity> {
  const all = new Map<string, Entity>();
  for (const event of events) {
    const entity = all.get(event.entitySlug) ?? { desired: nothingDesired, members: {} };
    all.set(event.entitySlug, entity);
    const reading = read(event);
    if (reading.about === 'entity')
      entity.desired = withEntityStatement(entity.desired, reading.statement);
    const said = saidIn(reading);
    if (said) {
      entity.members[said.userSlug] = withMemberStatement(
        entity.members[said.userSlug],
        said.statement,
      );
    }
  }
  return all;
}

function stampOf(day: number, { sequence = null }: { sequence?: number | null } = {}): Stamp {
  return {
    sequence,
    occurredAt: instantOf(`2026-01-${String(day).padStart(2, '0')}T00:00:00Z`),
    eventId: `on day ${day}`,
  };
}

describe('statements about an entity and its members', () => {
  test('end in the same, whatever order they arrive in and however often', () => {
    fc.assert(
      fc.property(delivery, ({ events, arrived }) => {
        assert.deepEqual(told(arrived), told(events));
      }),
      { numRuns: 3000 },
    );
  });

  test('end in what the last of each said, by sequence, then time, then id', () => {
    const rank = ({ sequence = -1, occurredAt, id }: Reported) =>
      `${String(sequence + 1).padStart(9, '0')} ${instantOf(occurredAt)} ${id}`;
    fc.assert(
      fc.property(delivery, ({ events, arrived }) => {
        const sorted = events.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
        for (const [slug, { desired, members }] of told(arrived)) {
          const own = sorted.filter(({ entitySlug }) => entitySlug === slug);
          const ofEntity = own.filter((event) => read(event).about === 'entity');
          for (const field of ['name', 'topic'] as const) {
            const last = ofEntity.findLast((event) => event[field] !== undefined);
            assert.equal(desired[field], last?.[field] ?? null);
          }
          for (const [person, { role }] of Object.entries(members)) {
            const said = own.flatMap((event) => saidIn(read(event)) ?? []);
            const last = said.findLast(({ userSlug }) => userSlug === person);
            assert.equal(role, last?.statement.role);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('an entity', () => {
  test('that is only updated exists, and any statement about its state counts more', () => {
    const updated = withEntityStatement(nothingDesired, {
      stamp: stampOf(9),
      fields: { name: 'Chess' },
    });
    assert.equal(updated.state, 'active');
    const older = withEntityStatement(updated, {
      stamp: stampOf(2),
      fields: {},
      state: 'cancelled',
    });
    assert.deepEqual([older.state, older.name], ['cancelled', 'Chess']);
  });

  test('that began anew has none of those who belonged before it ended', () => {
    const before: MemberState = { role: 'owner', powerLevel: null, stamp: stampOf(3) };
    const after: MemberState = { role: 'owner', powerLevel: null, stamp: stampOf(6) };
    const created = { stamp: stampOf(5), fields: {}, state: 'active' } as const;
    const deleted = { stamp: stampOf(4), fields: {}, state: 'deleted' } as const;
    const again = withEntityStatement(withEntityStatement(nothingDesired, created), deleted);
    assert.equal(again.state, 'active', 'the deletion arrived late');
    assert.deepEqual([belongs(before, again), belongs(after, again)], [false, true]);
  });

  test('hears a statement that is not newer without changing at all', () => {
    const statement = { stamp: stampOf(3), fields: { name: 'Chess' }, state: 'active' } as const;
    const known = withEntityStatement(nothingDesired, statement);
    assert.equal(withEntityStatement(known, statement), known);
    assert.equal(withEntityStatement(known, { ...statement, stamp: stampOf(2) }), known);
  });
});

describe('a member', () => {
  test('keeps a level of their own until the next statement about the role, and not through an old one', () => {
    const known: MemberState = { role: 'member', powerLevel: 60, stamp: stampOf(4) };
    assert.equal(withMemberStatement(known, { role: 'admin', stamp: stampOf(3) }), known);
    const next = withMemberStatement(known, { role: 'admin', stamp: stampOf(5) });
    assert.deepEqual([next.role, next.powerLevel], ['admin', null]);
  });
});
