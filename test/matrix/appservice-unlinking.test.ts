import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { bot } from './human.ts';
import { slugOf, useLinking } from './linking.ts';

describe('letting go of a linked room, and linking by the operator', { timeout: 300_000 }, () => {
  const linking = useLinking();

  test('letting go leaves the room to its people, without our mark, and free for another', async () => {
    const roomId = await linking.ann.createRoom();
    const path = linking.newPath();
    const command = await linking.ask(path, roomId);
    await linking.invite(roomId);
    await linking.ann.hears(roomId, /Hello/);
    await linking.ann.say(roomId, command);
    await linking.linked(path, roomId);
    assert.deepEqual(await linking.acme('DELETE', path), { status: 200, body: { roomId } });
    await linking.botIs(roomId, 'leave');
    assert.match(await linking.ann.hears(roomId, /no longer linked/), /everything else stays/);
    const state = await linking.ann.state(roomId);
    const mark = state.find(({ type }) => type === 'com.openmeet.room.metadata');
    assert.deepEqual(mark?.content, {});
    assert.equal(await linking.roomOf(path), null);
    const anew = linking.newPath();
    const theirs = await linking.ask(anew, roomId, linking.other);
    await linking.invite(roomId);
    // Its greeting stands there from the first time already.
    await linking.botIs(roomId, 'join');
    await linking.ann.say(roomId, theirs);
    await linking.linked(anew, roomId, linking.other);
  });

  test('a link that is withdrawn, or runs out, takes the bot away again', async () => {
    const roomId = await linking.ann.createRoom();
    const path = linking.newPath();
    const command = await linking.ask(path, roomId);
    await linking.invite(roomId);
    await linking.ann.hears(roomId, /Hello/);
    await linking.acme('DELETE', path);
    await linking.botIs(roomId, 'leave');
    await linking.ann.hears(roomId, /Nobody linked this room/);
    await linking.ask(path, roomId);
    await linking.invite(roomId);
    await linking.botIs(roomId, 'join');
    await linking.ann.say(roomId, command);
    await linking.ann.hears(roomId, /I do not know that code/);
    await linking.world.sql('update room_links set expires_at = now() where room_id = $1', [
      roomId,
    ]);
    await linking.world.sql(
      `select graphile_worker.reschedule_jobs(array_agg(id), run_at => now())
        from graphile_worker.jobs where key = $1`,
      [`leave-unlinked-room:${roomId}`],
    );
    await linking.botIs(roomId, 'leave');
  });

  test('a room in which the bot cannot read is linked by the operator', async () => {
    const roomId = await linking.ann.createRoom({
      initial_state: [
        { type: 'm.room.encryption', content: { algorithm: 'm.megolm.v1.aes-sha2' } },
      ],
    });
    const path = linking.newPath();
    const link = () =>
      linking.world.operator('rooms', 'link', 'group', slugOf(path), roomId, '--tenant', 'acme');
    const code = ({ error }: Record<string, unknown>) => (error as { code: string }).code;
    const uninvited = (await link()).error as { code: string; message: string };
    assert.equal(uninvited.code, 'link_failed');
    assert.match(uninvited.message, /somebody there must invite it/);
    await linking.invite(roomId, 0);
    const weak = (await link()).error as { message: string };
    assert.match(weak.message, /has power level 0 .* and needs 100/);
    await linking.ann.setLevel(roomId, bot, 100);
    assert.equal((await link()).roomId, roomId);
    await linking.linked(path, roomId);
    assert.equal(code(await link()), 'room_exists');
    const foreign = await linking.world.operator('rooms', 'unlink', 'group', slugOf(path), '--yes');
    assert.equal(code(foreign), 'room_not_linked', 'in the default tenant there is no such link');
    const gone = await linking.world.operator(
      'rooms',
      'unlink',
      'group',
      slugOf(path),
      '--tenant',
      'acme',
      '--yes',
    );
    assert.equal(gone.roomId, roomId);
    await linking.botIs(roomId, 'leave');
    const [row] = await linking.world.sql<{ actions: string[] }>(
      `select array_agg(action order by id) as actions from audit
        where detail->>'roomId' = $1`,
      [roomId],
    );
    assert.deepEqual(row?.actions.slice(-2), ['room.linked', 'room.unlinked']);
  });

  test('the bot says in an encrypted room who can link it', async () => {
    const roomId = await linking.ann.createRoom({
      initial_state: [
        { type: 'm.room.encryption', content: { algorithm: 'm.megolm.v1.aes-sha2' } },
      ],
    });
    await linking.ask(linking.newPath(), roomId);
    await linking.invite(roomId);
    await linking.ann.hears(roomId, /it is encrypted, so I cannot read/);
  });
});
