import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { type Action, describeAction } from '../../src/matrix/rooms/action.ts';
import { type Actual, actualOf, rowKey } from '../../src/matrix/rooms/actual.ts';
import type { Desired, Person } from '../../src/matrix/rooms/desired.ts';
import type { StateEvent } from '../../src/matrix/rooms/endpoints.ts';
import { firstLevels, levelIn } from '../../src/matrix/rooms/levels.ts';
import { type PlanSettings, planRoom } from '../../src/matrix/rooms/plan.ts';
import { firstState } from '../../src/matrix/rooms/state.ts';

const bot = '@bot:x';
const roomId = '!room:x';
const settings: PlanSettings = {
  ...{ bot, serverName: 'x', historyVisibility: 'joined', removalShare: 30 },
};
const plain: Desired = {
  ...{
    id: 'row',
    tenantId: 'tenant',
    type: 'group',
    slug: 'slug',
    state: 'active',
    origin: 'made',
  },
  ...{ name: 'Name', topic: '', picture: { state: 'none' }, metadata: { entity_type: 'group' } },
  ...{ encrypted: false, purge: false, strangers: 'remove', alias: '#alias:x', roomId },
  ...{ formerRoomId: null, membersSince: Number.NEGATIVE_INFINITY, people: [], administrators: [] },
  ...{ spaceRoomId: null, children: [], held: null, confirmed: null },
  ...{ tenantPeople: 1000, tenantRemoved: 0, wantedVersion: '1' },
};

/** Numbers that look random and are the same in every run (mulberry32). */
function dice(seed: number) {
  let state = seed;
  return (sides: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

type Roll = ReturnType<typeof dice>;
const oneOf = <T>(roll: Roll, values: readonly [T, ...T[]]) => values[roll(values.length)] as T;
const event = (type: string, content: object, rest: Partial<StateEvent> = {}): StateEvent => ({
  ...{ type, state_key: '', sender: bot, origin_server_ts: 1000 },
  ...{ content: { ...content }, ...rest },
});
const member = (userId: string, membership: string, sender: string, at: number) =>
  event('m.room.member', { membership }, { state_key: userId, sender, origin_server_ts: at });

/** As the room is when it was just made. */
function freshRoom(desired: Desired, version: string): StateEvent[] {
  return [
    event('m.room.create', { room_version: version, [rowKey]: desired.id }),
    member(bot, 'join', bot, 1000),
    event('m.room.power_levels', firstLevels(desired, bot, version)),
    event('m.room.name', { name: desired.name }),
    event('m.room.canonical_alias', { alias: desired.alias }),
    ...firstState(desired, settings).map((it) => event(it.type, it.content)),
  ];
}

function randomDesired(roll: Roll): Desired {
  const people = Array.from(
    { length: roll(8) },
    (_, nth): Person => ({
      ...{ userId: `@p${nth}:x`, accountId: `a${nth}`, since: roll(3000) },
      place: oneOf(roll, ['in', 'in', 'in', 'waits', 'out', 'banned', 'unsaid']),
      level: oneOf(roll, [0, 0, 50, 75, 100]),
    }),
  );
  return {
    ...plain,
    people,
    state: oneOf(roll, ['active', 'active', 'cancelled']),
    strangers: oneOf(roll, ['keep', 'remove']),
    administrators: roll(2) ? [{ userId: `@p${roll(10)}:x`, level: oneOf(roll, [75, 100]) }] : [],
  };
}

function randomActual(roll: Roll, desired: Desired): StateEvent[] {
  const fresh = freshRoom(desired, oneOf(roll, ['11', '12']));
  const levels = fresh.find(({ type }) => type === 'm.room.power_levels')?.content as {
    users: Record<string, number>;
  };
  const users = { ...levels.users };
  const people = Array.from({ length: 12 }, (_, nth) => `@p${nth}:x`).filter(() => roll(3) > 0);
  for (const id of people) if (roll(3) === 0) users[id] = oneOf(roll, [10, 50, 75, 99]);
  return [
    ...fresh.filter(({ type }) => type !== 'm.room.power_levels'),
    event('m.room.power_levels', { ...levels, users, ...(roll(3) === 0 && { invite: 0 }) }),
    ...people.map((id) =>
      member(
        id,
        oneOf(roll, ['join', 'join', 'invite', 'leave', 'ban']),
        oneOf(roll, [id, bot]),
        roll(3000),
      ),
    ),
    ...(roll(2) ? [event('m.room.name', { name: 'Other' })] : []),
    ...(roll(2) ? [event('m.room.join_rules', { join_rule: 'public' })] : []),
  ];
}

/** What Synapse has after these were done. */
function done(events: readonly StateEvent[], actions: readonly Action[]): StateEvent[] {
  const after = new Map(events.map((it) => [`${it.type} ${it.state_key}`, it]));
  const put = (it: StateEvent) => after.set(`${it.type} ${it.state_key}`, it);
  const outcomes = { join: 'join', kick: 'leave', ban: 'ban', unban: 'leave' };
  for (const action of actions) {
    if (action.kind === 'levels') put(event('m.room.power_levels', action.content));
    if (action.kind === 'state') {
      put(event(action.type, action.content, { state_key: action.stateKey }));
    }
    if (action.kind in outcomes && 'userId' in action) {
      const kind = action.kind as keyof typeof outcomes;
      put(member(action.userId, outcomes[kind], bot, 5000));
    }
  }
  return [...after.values()];
}

const plan = (desired: Desired, events: readonly StateEvent[]) =>
  planRoom(desired, actualOf(roomId, events), settings);
const whoIs = (actual: Actual, membership: string) =>
  [...actual.members].filter(([, it]) => it.membership === membership).map(([id]) => id);

describe('the plan for a room', () => {
  test('is empty for a room that was just made, of every version', () => {
    for (const version of ['11', '12']) {
      assert.deepEqual(plan(plain, freshRoom(plain, version)).actions, []);
    }
  });

  test('leaves nothing to do once it was done, whatever the room was like', () => {
    for (let seed = 1; seed <= 500; seed += 1) {
      const roll = dice(seed);
      const desired = randomDesired(roll);
      const events = randomActual(roll, desired);
      const first = plan(desired, events);
      const second = plan(desired, done(events, first.actions));
      assert.deepEqual(second.actions, [], `seed ${seed}`);
    }
  });

  test('ends with the members, levels and absences that were asked for', () => {
    for (let seed = 1; seed <= 500; seed += 1) {
      const roll = dice(seed);
      const desired = randomDesired(roll);
      const events = randomActual(roll, desired);
      const before = actualOf(roomId, events);
      const { actions, held } = plan(desired, events);
      const after = actualOf(roomId, done(events, actions));
      const administrators = new Map(desired.administrators.map((it) => [it.userId, it.level]));
      const waiting = new Set(held.map(({ userId }) => userId));
      for (const { userId, place, level } of desired.people) {
        const was = before.members.get(userId);
        const now = after.members.get(userId)?.membership;
        const highest = after.creators.size > 0 ? 100 : 99;
        const own = place === 'in' || place === 'waits' ? level : 0;
        const most = Math.max(own, place === 'banned' ? 0 : (administrators.get(userId) ?? 0));
        if (!waiting.has(userId)) {
          assert.equal(levelIn(after, userId), Math.min(most, highest), `level, seed ${seed}`);
        }
        if (place === 'banned') assert.equal(now, 'ban', `seed ${seed}`);
        if (place === 'waits') assert.equal(now, was?.membership, `seed ${seed}`);
        const ownWill = was?.sender === userId && ['leave', 'ban'].includes(was.membership);
        if (place === 'in' && !ownWill) assert.equal(now, 'join', `seed ${seed}`);
      }
      const known = new Set([
        bot,
        ...administrators.keys(),
        ...desired.people.map((it) => it.userId),
      ]);
      const strangers = [...whoIs(after, 'join'), ...whoIs(after, 'invite')]
        .filter((id) => !known.has(id))
        .filter((id) => !waiting.has(id));
      if (desired.strangers === 'remove') assert.deepEqual(strangers, [], `seed ${seed}`);
    }
  });

  test('never lists a creator of the room, who is above all levels, among its users', () => {
    const desired = { ...plain, administrators: [{ userId: bot, level: 100 }] };
    const { actions } = plan(desired, freshRoom(plain, '12'));
    assert.deepEqual(actions, []);
  });

  test('leaves alone whoever is as powerful as the bot, and says so', () => {
    const events = freshRoom(plain, '11').map((it) =>
      it.type === 'm.room.power_levels'
        ? event(it.type, { ...it.content, users: { [bot]: 100, '@chief:x': 100 } })
        : it,
    );
    const { actions, obstacles, remains } = plan(plain, [
      ...events,
      member('@chief:x', 'join', '@chief:x', 1),
    ]);
    assert.deepEqual(actions, []);
    assert.equal(obstacles.length, 2);
    assert.deepEqual(remains, [], 'the room had its own administrators');
  });

  test('is not all when somebody stays whom the platform wants out', () => {
    for (const place of ['out', 'banned'] as const) {
      const chief = { userId: '@chief:x', accountId: 'chief', place, level: 0, since: 5000 };
      const events = freshRoom(plain, '11').map((it) =>
        it.type === 'm.room.power_levels'
          ? event(it.type, { ...it.content, users: { [bot]: 100, '@chief:x': 100 } })
          : it,
      );
      const { remains } = plan({ ...plain, people: [chief] }, [
        ...events,
        member('@chief:x', 'join', '@chief:x', 1),
      ]);
      assert.match(remains.join(), /^@chief:x must not be in it/, place);
    }
  });

  test('keeps levels of other events, but not where a cancelled room would stay open', () => {
    const open = { 'm.room.message': 0, 'm.reaction': 0 };
    const events = freshRoom(plain, '12').map((it) => {
      if (it.type !== 'm.room.power_levels') return it;
      const { events: levels } = it.content as { events: object };
      return event(it.type, { ...it.content, events: { ...levels, ...open } });
    });
    assert.deepEqual(plan(plain, events).actions, []);
    const [levels] = plan({ ...plain, state: 'cancelled' }, events).actions;
    assert.ok(levels?.kind === 'levels');
    assert.equal(levels.content.events['m.room.message'], undefined);
    assert.equal(levels.content.events_default, 50);
  });

  test('cannot turn encryption off, and says in words whatever it would do', () => {
    const events = [
      ...freshRoom(plain, '12'),
      event('m.room.encryption', { algorithm: 'm.megolm.v1.aes-sha2' }),
      member('@stranger:x', 'join', '@stranger:x', 1),
    ];
    const { actions } = plan({ ...plain, name: 'New' }, events);
    assert.deepEqual(actions.map(describeAction), [
      'remove @stranger:x: came by other means',
      'set the name',
    ]);
  });
});
