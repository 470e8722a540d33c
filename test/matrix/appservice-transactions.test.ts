import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { openWorld, type World } from '../oidc/world.ts';

const hsToken = 'hs-token-of-the-registration';
const bot = '@openmeet-bot:matrix.example';
const ann = '@ann:matrix.example';

describe('what Synapse reports', () => {
  let world: World;
  let txn = 0;
  beforeAll(async () => {
    // Without a worker what is queued stays to be seen.
    world = await openWorld({ env: { ROLE: 'web', MATRIX_HS_TOKEN: hsToken } });
  });
  afterAll(() => world.close());
  beforeEach(() => world.database.query('delete from graphile_worker._private_jobs'));

  async function ask(method: string, path: string, { token = hsToken, body = '' } = {}) {
    const response = await fetch(`${world.url}/_matrix/app${path}`, {
      method,
      headers: token ? { authorization: `Bearer ${token}` } : {},
      body: method === 'GET' ? undefined : body,
    });
    const answer = (await response.json()) as { errcode?: string; error?: string };
    if (response.status >= 400) assert.equal(typeof answer.error, 'string', 'in words');
    return [response.status, answer.errcode];
  }
  const send = (events: unknown[], id = `t${++txn}`) =>
    ask('PUT', `/v1/transactions/${id}`, { body: JSON.stringify({ events }) });

  async function jobs(): Promise<{ task: string; payload: Record<string, string>; at: Date }[]> {
    return world.database.query(
      `select task_identifier as task, payload, jobs.run_at as at
        from graphile_worker.jobs join graphile_worker._private_jobs using (id) order by id`,
    );
  }
  const tasks = async () => (await jobs()).map(({ task }) => task);

  async function addRoom(state = 'active'): Promise<{ id: string; roomId: string }> {
    const room = { id: randomUUID(), roomId: `!${randomUUID()}:matrix.example` };
    await world.database.query(
      `with entity as (
          insert into entities (id, tenant_id, entity_type, entity_slug, state)
          values ($1::uuid, $2, 'event', $1::text, $3) returning id)
        insert into matrix_rooms (entity, room_id) select id, $4 from entity`,
      [room.id, world.defaultTenantId, state, room.roomId],
    );
    return room;
  }
  async function addLink(): Promise<string> {
    const roomId = `!${randomUUID()}`;
    await world.database.query(
      `insert into room_links (room, room_id, code, requested_by, expires_at)
        values ($1, $2, 'x', 'operator', now() + interval '1 day')`,
      [randomUUID(), roomId],
    );
    return roomId;
  }
  const event = (roomId: string, changed: object = {}) => ({
    type: 'm.room.name',
    room_id: roomId,
    event_id: `$${randomUUID()}`,
    sender: ann,
    state_key: '',
    content: {},
    ...changed,
  });
  const member = (roomId: string, who: string, membership: string, sender = who) =>
    event(roomId, { type: 'm.room.member', state_key: who, content: { membership }, sender });
  const message = (roomId: string, body: unknown, sender = ann) =>
    event(roomId, { type: 'm.room.message', state_key: undefined, content: { body }, sender });

  test('is taken from Synapse alone', async () => {
    for (const [method, path] of [
      ['PUT', '/v1/transactions/1'],
      ['GET', '/v1/users/@ann:matrix.example'],
      ['GET', '/v1/rooms/%23event-x:matrix.example'],
      ['POST', '/v1/ping'],
    ] as const) {
      assert.deepEqual(await ask(method, path, { token: '' }), [401, 'M_MISSING_TOKEN'], path);
      for (const token of ['x', `${hsToken}x`, hsToken.slice(1)]) {
        assert.deepEqual(await ask(method, path, { token }), [403, 'M_FORBIDDEN'], path);
      }
    }
    const inUrl = `/v1/transactions/1?access_token=${hsToken}`;
    assert.deepEqual(await ask('PUT', inUrl, { token: '', body: '{"events":[]}' }), [
      401,
      'M_MISSING_TOKEN',
    ]);
    assert.deepEqual(await send([]), [200, undefined]);
  });

  test('is asked for at no other address', async () => {
    assert.deepEqual(await ask('GET', '/v1/thirdparty/protocol/x'), [404, 'M_UNRECOGNIZED']);
    assert.deepEqual(await ask('PUT', '/v2/transactions/1'), [404, 'M_UNRECOGNIZED']);
    assert.deepEqual(await ask('POST', '/v1/transactions/1'), [405, 'M_UNRECOGNIZED']);
    assert.deepEqual(await ask('GET', '/v1/ping'), [405, 'M_UNRECOGNIZED']);
  });

  test('the bot is the only user, and rooms are made for nobody who looks for one', async () => {
    assert.deepEqual(await ask('GET', `/v1/users/${encodeURIComponent(bot)}`), [200, undefined]);
    assert.deepEqual(await ask('GET', `/v1/users/${encodeURIComponent(ann)}`), [
      404,
      'M_NOT_FOUND',
    ]);
    const alias = encodeURIComponent('#event-acme-party:matrix.example');
    assert.deepEqual(await ask('GET', `/v1/rooms/${alias}`), [404, 'M_NOT_FOUND']);
    assert.deepEqual(await ask('POST', '/v1/ping', { body: '{"transaction_id":"x"}' }), [
      200,
      undefined,
    ]);
  });

  test('may come to an internal address, which nothing else may', async () => {
    const statusOf = (path: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { host: 'web:3000', authorization: `Bearer ${hsToken}` };
        request(`${world.url}${path}`, { method: 'POST', headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        })
          .once('error', reject)
          .end('{}');
      });
    assert.equal(await statusOf('/_matrix/app/v1/ping'), 200);
    assert.equal(await statusOf('/oidc/token'), 421);
    assert.equal(await statusOf('/_matrix/app'), 421);
  });

  test('what is no list of events is refused in Matrix’s words', async () => {
    const put = (body: string) => ask('PUT', `/v1/transactions/t${++txn}`, { body });
    assert.deepEqual(await put('{'), [400, 'M_NOT_JSON']);
    assert.deepEqual(await put(''), [400, 'M_NOT_JSON']);
    for (const body of ['[]', 'null', '{}', '{"events":{}}', '"events"']) {
      assert.deepEqual(await put(body), [400, 'M_BAD_JSON'], body);
    }
    const long = 'x'.repeat(256);
    assert.deepEqual(await send([], long), [400, 'M_INVALID_PARAM']);
  });

  test('odd events do not hold up the others', async () => {
    const { id, roomId } = await addRoom();
    const odd = [
      ...[null, 1, 'x', [], {}],
      event('no room'),
      event(`!\u0000${roomId}`),
      event(roomId, { content: null }),
      event(roomId, { state_key: 7 }),
      event(roomId, { sender: { a: 1 } }),
      message(roomId, { not: 'text' }),
      member(roomId, `@\u0000:matrix.example`, 'join'),
    ];
    assert.deepEqual(await send([...odd, event(roomId)]), [200, undefined]);
    assert.deepEqual(
      (await jobs()).map(({ task, payload }) => [task, payload.room]),
      [['sync-room', id]],
    );
  });

  test('every change to what we keep has the room looked at, once and soon', async () => {
    const { id, roomId } = await addRoom();
    await send(
      ['power_levels', 'topic', 'avatar', 'join_rules', 'history_visibility', 'guest_access'].map(
        (name) => event(roomId, { type: `m.room.${name}` }),
      ),
    );
    const [job, ...more] = await jobs();
    assert.deepEqual([job?.task, job?.payload.room, more.length], ['sync-room', id, 0]);
    const wait = (job?.at.getTime() ?? 0) - Date.now();
    assert.ok(wait > -1000 && wait <= 1000, `in ${wait} ms`);
    await send([event(roomId, { type: 'com.openmeet.room.metadata' })]);
    const [same] = await jobs();
    assert.deepEqual(same?.at, job?.at, 'a stream of changes does not put it off');
  });

  test('comings and goings count, but not of those who belong and just came', async () => {
    const person = await world.addPerson();
    await world.database.query('update accounts set platform_slug = $2 where id = $1', [
      person.id,
      `slug-${person.id}`,
    ]);
    const { id, roomId } = await addRoom();
    const belong = (role: string | null) =>
      world.database.query(
        `insert into memberships (room, member_tenant_id, member, role, occurred_at, event_id)
          values ($1, $2, $3, $4, now(), 'e')
          on conflict (room, member_tenant_id, member) do update set role = excluded.role`,
        [id, world.defaultTenantId, `slug-${person.id}`, role],
      );
    const them = `@${person.handle}:matrix.example`;
    const join = () => send([member(roomId, them, 'join')]);
    await join();
    assert.deepEqual(await tasks(), ['sync-room'], 'a stranger');
    await world.database.query('delete from graphile_worker._private_jobs');
    await belong('attendee');
    await join();
    assert.deepEqual(await tasks(), [], 'one who belongs');
    await send([member(roomId, `@${person.handle}:elsewhere.example`, 'join')]);
    assert.deepEqual(await tasks(), ['sync-room'], 'the same name on another server');
    await world.database.query('delete from graphile_worker._private_jobs');
    await belong('banned');
    await join();
    assert.deepEqual(await tasks(), ['sync-room'], 'one who is kept out');
    await world.database.query('delete from graphile_worker._private_jobs');
    await belong('attendee');
    await send([member(roomId, them, 'leave', ann)]);
    assert.deepEqual(await tasks(), ['sync-room'], 'somebody threw them out');
  });

  test('what the bot did, what is said, and rooms that are not ours ask for nothing', async () => {
    const { roomId } = await addRoom();
    const awaited = await addRoom('awaited');
    await send([
      event(roomId, { sender: bot }),
      message(roomId, 'hello'),
      message(roomId, '!openmeet link abc'),
      event(roomId, { type: 'm.reaction' }),
      event(roomId, { type: 'm.room.pinned_events' }),
      event('!elsewhere:matrix.example'),
      event(awaited.roomId),
      member('!elsewhere:matrix.example', bot, 'invite', ann),
    ]);
    assert.deepEqual(await jobs(), []);
  });

  test('the bot goes, and listens, only where a link waits', async () => {
    const roomId = await addLink();
    const command = message(roomId, '!openmeet link abc');
    await send([
      member(roomId, bot, 'invite', ann),
      message(roomId, 'hello'),
      message(roomId, '!openmeet link abc', bot),
      command,
    ]);
    assert.deepEqual(
      (await jobs()).map(({ task, payload }) => [task, payload]),
      [
        ['join-linked-room', { roomId }],
        ['confirm-room-link', { roomId, eventId: command.event_id }],
      ],
    );
  });

  test('a transaction that comes again does nothing, also when it comes twice at once', async () => {
    const { roomId } = await addRoom();
    const id = `again-${randomUUID()}`;
    const answers = await Promise.all([1, 2, 3].map(() => send([event(roomId)], id)));
    assert.deepEqual(
      answers,
      answers.map(() => [200, undefined]),
    );
    await world.database.query('delete from graphile_worker._private_jobs');
    assert.deepEqual(await send([event(roomId)], id), [200, undefined]);
    assert.deepEqual(await jobs(), []);
  });

  test('a hundred events as large as they can be are taken', async () => {
    const { id, roomId } = await addRoom();
    const large = event(roomId, { content: { topic: 'ä'.repeat(32_000) } });
    assert.deepEqual(await send(Array.from({ length: 100 }, () => large)), [200, undefined]);
    assert.deepEqual(
      (await jobs()).map(({ payload }) => payload.room),
      [id],
    );
  });

  test('nothing of it, and no token, is in the log', () => {
    const logs = world.service.logs();
    assert.match(logs, /another hs_token than MATRIX_HS_TOKEN/);
    assert.ok(!logs.includes(hsToken));
    assert.ok(!logs.includes('!openmeet'));
  });
});

test('without MATRIX_HS_TOKEN nobody can be Synapse, and the log says why', async () => {
  const world = await openWorld({ env: { ROLE: 'web' } });
  try {
    for (const token of ['undefined', '', 'x']) {
      const answer = await fetch(`${world.url}/_matrix/app/v1/ping`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
      });
      assert.equal(answer.status, token ? 403 : 401);
    }
    assert.match(world.service.logs(), /MATRIX_HS_TOKEN is not set/);
  } finally {
    await world.close();
  }
});
