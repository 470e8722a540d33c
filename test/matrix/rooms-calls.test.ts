import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openRoomsWorld, type RoomsWorld } from './rooms-world.ts';

describe('the calls to Synapse', () => {
  let world: RoomsWorld;
  beforeAll(async () => {
    world = await openRoomsWorld();
  });
  afterAll(() => world.close());

  async function callsFor(room: string): Promise<string[]> {
    const { calls, options } = world.counted();
    await world.sync(room, options);
    return calls;
  }
  async function peopled(count: number) {
    const room = await world.room({ type: 'group' });
    const people = await world.people.several(count);
    for (const person of people) await world.people.tell(room, person, 'member');
    return { room, people };
  }

  test('for a new room are four and one for each person, and then one', async () => {
    const { room } = await peopled(2);
    const making = ['find alias', 'capabilities', 'create room', 'read room state'];
    assert.deepEqual(await callsFor(room), [...making, 'put into room', 'put into room']);
    assert.deepEqual(await callsFor(room), ['read room state']);
  });

  test('for a change are the reading and the change', async () => {
    const { room, people } = await peopled(2);
    const [one, other] = people;
    assert.ok(one && other);
    await world.sync(room);
    await world.people.tell(room, one, 'admin');
    assert.deepEqual(await callsFor(room), ['read room state', 'set room state']);
    await world.people.tell(room, other, null);
    assert.deepEqual(await callsFor(room), ['read room state', 'kick from room']);
    await world.people.tell(room, other, 'member');
    assert.deepEqual(await callsFor(room), ['read room state', 'put into room']);
    await world.change(room, { topic: 'News' });
    assert.deepEqual(await callsFor(room), ['read room state', 'set room state']);
  });

  test('for the end of a room are four and one for each person', async () => {
    const { room } = await peopled(2);
    await world.sync(room);
    await world.change(room, { state: 'deleted' });
    const freeing = ['read room state', 'find alias', 'delete alias'];
    const kicks = ['kick from room', 'kick from room'];
    assert.deepEqual(await callsFor(room), [...freeing, ...kicks, 'leave room']);
    assert.deepEqual(await callsFor(room), [], 'and none when it has ended');
  });

  test('for a purge do not grow with the people', async () => {
    const { room } = await peopled(3);
    await world.sync(room);
    await world.change(room, { state: 'deleted', purge: true });
    const calls = await callsFor(room);
    const polls = calls.filter((it) => it === 'read deletion').length;
    assert.ok(polls >= 1);
    assert.deepEqual(
      calls.filter((it) => it !== 'read deletion'),
      [
        ...['read room state', 'find alias', 'delete alias', 'read room deletions', 'delete room'],
        'read room state',
      ],
    );
  });
});
