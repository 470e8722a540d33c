import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { instantOf, justAfter, later } from '../../src/entities/instant.ts';
import {
  compareStamps,
  isNewer,
  notAfter,
  type Stamp,
  stampNow,
} from '../../src/entities/order.ts';

const instant = fc
  .record({
    ms: fc.integer({ min: 0, max: Date.UTC(9998, 0, 1) }),
    us: fc.integer({ min: 0, max: 999 }),
  })
  .map(({ ms, us }) =>
    instantOf(new Date(ms).toISOString().replace('Z', `${String(us).padStart(3, '0')}Z`)),
  );

const stamp: fc.Arbitrary<Stamp> = fc.record(
  {
    sequence: fc.option(fc.nat(3)),
    occurredAt: fc.oneof(
      fc.constantFrom('2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000001Z'),
      instant,
    ),
    eventId: fc.string({ maxLength: 3 }),
  },
  // What comes of JSON and of the database has a prototype.
  { noNullPrototype: true },
);

describe('an instant', () => {
  test('has one form, in UTC and to the microsecond', () => {
    assert.equal(instantOf('2026-02-01T10:00:00Z'), '2026-02-01T10:00:00.000000Z');
    assert.equal(instantOf('2026-02-01T10:00:00.1234567+02:00'), '2026-02-01T08:00:00.123456Z');
  });

  test('is followed by the next one', () => {
    assert.equal(justAfter('2026-02-01T10:00:00.000009Z'), '2026-02-01T10:00:00.000010Z');
    assert.equal(justAfter('2026-12-31T23:59:59.999999Z'), '2027-01-01T00:00:00.000000Z');
    fc.assert(
      fc.property(instant, (it) => {
        assert.ok(justAfter(it) > it);
        assert.equal(instantOf(justAfter(it)), justAfter(it));
      }),
    );
  });

  test('comes after none at all', () => {
    const one = '2026-02-01T10:00:00.000000Z';
    assert.equal(later(null, one), one);
    assert.equal(later(one, null), one);
    assert.equal(later(null, null), null);
  });
});

describe('the order of statements', () => {
  test('is total: any two that differ have one, and it is the same from both sides', () => {
    fc.assert(
      fc.property(stamp, stamp, stamp, (a, b, c) => {
        assert.equal(compareStamps(a, b), -compareStamps(b, a) || 0);
        if (compareStamps(a, b) === 0) assert.deepEqual(a, b);
        if (compareStamps(a, b) < 0 && compareStamps(b, c) < 0) assert.ok(compareStamps(a, c) < 0);
      }),
    );
  });

  test('asks for the sequence first, then the time, then the id', () => {
    const plain = { sequence: null, occurredAt: '2026-01-02T00:00:00.000000Z', eventId: 'b' };
    assert.ok(isNewer({ ...plain, sequence: 0, occurredAt: '2026-01-01T00:00:00.000000Z' }, plain));
    assert.ok(
      isNewer({ ...plain, occurredAt: '2026-01-02T00:00:00.000001Z', eventId: 'a' }, plain),
    );
    assert.ok(isNewer({ ...plain, eventId: 'c' }, plain));
    assert.ok(!isNewer(plain, plain));
  });

  test('puts what is said now above all that is known', () => {
    fc.assert(
      fc.property(fc.array(stamp), fc.option(instant), (known, since) => {
        const now = stampNow('call', known, since);
        for (const it of known) assert.ok(isNewer(now, it), JSON.stringify([now, it]));
        assert.ok(since === null || now.occurredAt > since);
      }),
    );
  });

  test('takes what is said of the future as said now', () => {
    const now = '2026-01-02T00:00:00.000000Z';
    assert.equal(notAfter(now, '2031-01-01T00:00:00.000000Z'), now);
    assert.equal(notAfter(now, '2026-01-01T00:00:00.000000Z'), '2026-01-01T00:00:00.000000Z');
  });
});
