import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { until } from '../support/until.ts';
import { bot } from './human.ts';
import { slugOf, useLinking } from './linking.ts';

describe('linking a room that was there before', { timeout: 300_000 }, () => {
  const linking = useLinking();

  test('an administrator invites the bot and says the code; the room becomes the entity’s', async () => {
    const roomId = await linking.ann.createRoom({ name: 'Chess club', invite: [linking.bob.id] });
    await linking.bob.call('POST', `/join/${encodeURIComponent(roomId)}`, {});
    const path = linking.newPath();
    const command = await linking.ask(path, roomId);
    await linking.invite(roomId);
    await linking.ann.hears(roomId, /Hello\. I was invited/);
    await linking.ann.say(roomId, command);
    assert.match(await linking.ann.hears(roomId, /^Done/), /linked to the group “g\d+”/);
    // The platform knows neither of the two: to be taken out they wait for an operator.
    assert.equal(await linking.linked(path, roomId), 'removals_held');
    const state = await linking.ann.state(roomId);
    const content = (type: string) => state.find((event) => event.type === type)?.content;
    assert.equal(content('com.openmeet.room.metadata')?.entity_type, 'group');
    assert.deepEqual(content('m.room.name'), { name: 'Chess club' }, 'it keeps its name');
    const present = state
      .filter((it) => it.type === 'm.room.member' && it.content.membership === 'join')
      .map((it) => it.state_key);
    assert.deepEqual(present.sort(), [linking.ann.id, linking.bob.id, bot], 'and its people');
  });

  test('the room of version 12 is confirmed by its creator, whom no level names', async () => {
    const roomId = await linking.ann.createRoom({ room_version: '12' });
    const path = linking.newPath();
    const command = await linking.ask(path, roomId);
    await linking.invite(roomId);
    await linking.ann.hears(roomId, /Hello/);
    await linking.ann.say(
      roomId,
      command.toUpperCase().replace('!OPENMEET LINK', '!openmeet link'),
    );
    await linking.linked(path, roomId);
  });

  test('nobody without the power to change permissions can confirm it, though they know the code', async () => {
    const roomId = await linking.ann.createRoom({
      invite: [linking.bob.id],
      power_level_content_override: {},
    });
    await linking.bob.call('POST', `/join/${encodeURIComponent(roomId)}`, {});
    await linking.ann.setLevel(roomId, linking.bob.id, 99);
    const path = linking.newPath();
    const command = await linking.ask(path, roomId);
    await linking.invite(roomId);
    await linking.ann.hears(roomId, /Hello/);
    await linking.bob.say(roomId, command);
    await linking.ann.hears(roomId, /Only somebody who may change the permissions/);
    assert.equal(await linking.roomOf(path), null);
    await linking.ann.say(roomId, command);
    await linking.linked(path, roomId);
  });

  test('neither a wrong code nor that of another room, nor an old one, links anything', async () => {
    const [roomId, elsewhere] = [await linking.ann.createRoom(), await linking.ann.createRoom()];
    const [path, otherPath] = [linking.newPath(), linking.newPath()];
    const old = await linking.ask(path, roomId);
    const foreign = await linking.ask(otherPath, elsewhere);
    const command = await linking.ask(path, roomId);
    await linking.invite(roomId);
    await linking.ann.hears(roomId, /Hello/);
    for (const [at, wrong] of ['!openmeet link abcde-abcde', foreign, old].entries()) {
      await linking.ann.say(roomId, wrong);
      await until(
        async () => {
          const { body } = await linking.ann.call(
            'GET',
            `/rooms/${encodeURIComponent(roomId)}/messages?dir=b&limit=50`,
          );
          const said = JSON.stringify(body).match(/I do not know that code/g) ?? [];
          return said.length === at + 1;
        },
        { what: `answer ${at + 1}` },
      );
    }
    await linking.ann.say(roomId, '!openmeet');
    await linking.ann.hears(roomId, /To link this room, say/);
    assert.equal(await linking.roomOf(path), null);
    await linking.ann.say(roomId, command);
    await linking.linked(path, roomId);
  });

  test('the bot says what power it needs, and links when it has it', async () => {
    const roomId = await linking.ann.createRoom();
    const path = linking.newPath();
    const command = await linking.ask(path, roomId);
    await linking.invite(roomId, 50);
    await linking.ann.hears(roomId, /Hello/);
    await linking.ann.say(roomId, command);
    await linking.ann.hears(roomId, /I need power level 100 here, and have 50/);
    assert.equal(await linking.roomOf(path), null);
    await linking.ann.setLevel(roomId, bot, 100);
    await linking.ann.say(roomId, command);
    await linking.linked(path, roomId);
  });

  test('the bot neither follows other invitations nor enters a public room unasked', async () => {
    const unasked = await linking.ann.createRoom();
    await linking.invite(unasked, 0);
    const open = await linking.ann.createRoom({ preset: 'public_chat' });
    const path = linking.newPath();
    const command = await linking.ask(path, open);
    await linking.ann.say(open, command);
    // What was reported later is dealt with: so was what came before.
    const asked = await linking.ann.createRoom();
    const last = await linking.ask(linking.newPath(), asked);
    await linking.invite(asked);
    await linking.ann.hears(asked, /Hello/);
    await linking.ann.say(asked, last);
    await linking.ann.hears(asked, /Done/);
    assert.equal(await linking.world.membershipOfBot(unasked), 'invite');
    assert.equal(await linking.world.membershipOfBot(open), undefined);
    assert.equal(await linking.roomOf(path), null);
  });

  test('a room of one tenant cannot be linked, or let go of, by another', async () => {
    const roomId = await linking.ann.createRoom();
    const path = linking.newPath();
    const command = await linking.ask(path, roomId);
    // Both wait: whose code is said first decides.
    const theirs = await linking.ask(path, roomId, linking.other);
    await linking.invite(roomId);
    await linking.ann.hears(roomId, /Hello/);
    await linking.ann.say(roomId, command);
    await linking.linked(path, roomId);
    await linking.ann.say(roomId, theirs);
    await linking.ann.hears(roomId, /was linked to something else meanwhile/);
    assert.equal(await linking.roomOf(path, linking.other), null);
    const again = await linking.other('POST', linking.newPath(), { roomId });
    assert.deepEqual([again.status, again.body.error], [409, 'room_linked_elsewhere']);
    const let_go = await linking.other('DELETE', path);
    assert.deepEqual([let_go.status, let_go.body.error], [409, 'room_not_linked']);
    const [tenant] = await linking.world.sql<{ id: string }>(
      "select id from tenants where slug = 'acme'",
    );
    const foreign = await linking.other('DELETE', `${path}?tenantId=${tenant?.id}`);
    assert.equal(foreign.status, 404, 'nor by naming the other tenant');
    const inBody = await linking.other('POST', linking.newPath(), { roomId, tenantId: tenant?.id });
    assert.equal(inBody.status, 404);
    assert.equal(await linking.roomOf(path), roomId);
    assert.equal(await linking.world.membershipOfBot(roomId), 'join');
  });

  test('an entity that has a room, or gets one, is given no other', async () => {
    const [first, second] = [await linking.ann.createRoom(), await linking.ann.createRoom()];
    const path = linking.newPath();
    const command = await linking.ask(path, first);
    await linking.invite(first);
    await linking.ann.hears(first, /Hello/);
    await linking.ann.say(first, command);
    await linking.linked(path, first);
    const again = await linking.acme('POST', path, { roomId: second });
    assert.deepEqual([again.status, again.body.error], [409, 'room_exists']);
    const slug = slugOf(linking.newPath());
    await linking.acme('POST', '/rooms?wait=20', {
      entityType: 'group',
      entitySlug: slug,
      creatorSlug: 'x',
    });
    const made = await linking.acme('POST', `/rooms/by-entity/group/${slug}/link`, {
      roomId: second,
    });
    assert.deepEqual([made.status, made.body.error], [409, 'room_exists']);
    const free = await linking.acme('DELETE', `/rooms/by-entity/group/${slug}/link`);
    assert.deepEqual([free.status, free.body.error], [409, 'room_not_linked']);
  });

  test('the platform tells of the entity while the link waits: the room is left alone', async () => {
    const roomId = await linking.ann.createRoom();
    const path = linking.newPath();
    const command = await linking.ask(path, roomId);
    await linking.invite(roomId);
    await linking.ann.hears(roomId, /Hello/);
    const entitySlug = slugOf(path);
    await linking.acme('POST', '/rooms?wait=20', {
      entityType: 'group',
      entitySlug,
      creatorSlug: 'x',
    });
    await linking.ann.say(roomId, command);
    await linking.ann.hears(roomId, /it has another room by now/);
    await linking.botIs(roomId, 'leave');
    assert.notEqual(await linking.roomOf(path), roomId);
  });

  test('what an administrator changes in it by hand is changed back within seconds', async () => {
    const roomId = await linking.ann.createRoom();
    const path = linking.newPath();
    const command = await linking.ask(path, roomId);
    await linking.invite(roomId);
    await linking.ann.hears(roomId, /Hello/);
    await linking.ann.say(roomId, command);
    await linking.linked(path, roomId);
    const told = await linking.acme('PATCH', `${path.replace('/link', '')}?wait=20`, {
      name: 'Chess',
    });
    assert.equal(told.status, 200);
    const named = (name: string) =>
      until(
        async () =>
          (await linking.ann.state(roomId)).some(
            ({ type, content }) => type === 'm.room.name' && content.name === name,
          ),
        { what: `the name ${name}`, timeout: 8000 },
      );
    await named('Chess');
    const room = `/rooms/${encodeURIComponent(roomId)}`;
    await linking.ann.call('PUT', `${room}/state/m.room.name/`, { name: 'Checkers' });
    await named('Checkers');
    await named('Chess');
  });

  test('codes are in no table, job or log', async () => {
    const roomId = await linking.ann.createRoom();
    const command = await linking.ask(linking.newPath(), roomId);
    const code = command.split(' ').at(-1) as string;
    await linking.invite(roomId);
    await linking.ann.hears(roomId, /Hello/);
    await linking.ann.say(roomId, `${command} `);
    await linking.ann.hears(roomId, /Done/);
    assert.ok(!linking.world.service.logs().includes(code));
    const kept = await linking.world.sql<{ text: string }>(
      `select coalesce(string_agg(t::text, ' '), '') as text from (
        select payload::text from graphile_worker._private_jobs union all
        select room_links::text from room_links union all select audit::text from audit) t`,
    );
    assert.ok(!kept[0]?.text.includes(code));
  });
});
