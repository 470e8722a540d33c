import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { createFetchPicture } from '../../src/federation/fetch-picture.ts';
import { openRoomsWorld, type RoomsWorld } from './rooms-world.ts';

/** A whole picture of one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describe("a room's picture", () => {
  let world: RoomsWorld;
  let server: Server;
  let asked: string[];
  beforeAll(async () => {
    world = await openRoomsWorld();
    asked = [];
    server = createServer((incoming, answer) => {
      asked.push(incoming.url ?? '');
      answer.setHeader('content-type', 'image/png');
      answer.end(incoming.url === '/picture' ? png : '<svg onload="alert(1)"/>');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(async () => {
    server.close();
    await world.close();
  });

  const at = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const fetchPicture = createFetchPicture(['127.0.0.1/32']);
  const avatar = async (room: string) => (await world.actual(room)).state('m.room.avatar');

  test('is fetched once, shown, and taken away again', async () => {
    const room = await world.room({ avatarUrl: at('/picture') });
    await world.sync(room, { fetchPicture });
    const { url } = (await avatar(room)) ?? {};
    assert.match(String(url), /^mxc:\/\/matrix\.example\//);
    const { calls, options } = world.counted();
    await world.sync(room, { ...options, fetchPicture });
    assert.deepEqual(calls, ['read room state']);
    assert.deepEqual(asked, ['/picture']);
    await world.change(room, { avatarUrl: null });
    await world.sync(room, { fetchPicture });
    assert.deepEqual(await avatar(room), {});
  });

  test('is tried again when it could not be had, while all else is done', async () => {
    const room = await world.room({ avatarUrl: at('/script'), topic: 'All else is there' });
    await world.sync(room, { fetchPicture });
    assert.ok((await world.row(room)).isSynced);
    assert.equal((await world.actual(room)).state('m.room.topic')?.topic, 'All else is there');
    const [again] = await world.database.query<{ payload: object; later: boolean }>(
      `select payload, run_at > now() as later from graphile_worker._private_jobs
        where key = 'sync-room:' || $1::text`,
      [room],
    );
    assert.deepEqual(again, { payload: { room, pictureTries: 1 }, later: true });
  });

  test('is given up at last when it is none, or is not to be called', async () => {
    for (const refused of [at('/script'), 'https://127.0.0.1:1/inside', 'file:///etc/passwd']) {
      const room = await world.room({ avatarUrl: refused });
      await world.sync(room, { fetchPicture }, { pictureTries: 3 });
      assert.equal(await avatar(room), undefined);
      const rows = await world.database.query(
        "select from audit where target = $1 and action = 'room.picture_refused'",
        [room],
      );
      assert.equal(rows.length, 1);
      const { calls, options } = world.counted();
      let fetched = false;
      await world.sync(room, {
        ...options,
        async fetchPicture() {
          fetched = true;
          return new Blob([]);
        },
      });
      assert.deepEqual(calls, ['read room state']);
      assert.equal(fetched, false);
    }
  });
});
