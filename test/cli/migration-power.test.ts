import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { GoLiveReport } from '../../src/migration/go-live.ts';
import type { ImportReport } from '../../src/migration/import/run.ts';
import type { MarkReport } from '../../src/migration/mark-legacy.ts';
import type { LevelsReport } from '../../src/migration/power-levels.ts';
import type { RollbackReport } from '../../src/migration/rollback.ts';
import type { WithoutMatrixReport } from '../../src/migration/without-matrix.ts';
import type { RoomPerson } from '../matrix/room-people.ts';
import { acme, newSlug } from '../matrix/rooms-world.ts';
import { type LegacyWorld, openLegacyWorld } from './legacy-rooms.ts';

const metadataType = 'com.openmeet.room.metadata';

describe('imported rooms', () => {
  let world: LegacyWorld;
  beforeAll(async () => {
    world = await openLegacyWorld();
  });
  afterAll(() => world.close());

  const importLines = async (kind: string, lines: string) => {
    const file = await world.file(`${kind}.csv`, lines);
    return world.migrate<ImportReport>(
      'import',
      file,
      '--kind',
      kind,
      '--tenant',
      'acme',
      '--apply',
    );
  };
  async function importRoom(slug: string, roomId: string, roles: [RoomPerson, string][] = []) {
    await importLines('entities', `type,slug,room_id\ngroup,${slug},${roomId}\n`);
    const lines = roles.map(([person, role]) => `group,${slug},${person.slug},${role}\n`);
    await importLines('members', `type,entity_slug,user_slug,role\n${lines.join('')}`);
    return (await world.rowOf(slug)).id;
  }
  const mine = <T extends { roomId: string }>(rooms: readonly T[], roomId: string) =>
    rooms.filter((room) => room.roomId === roomId);
  const metadataOf = async (roomId: string) => (await world.stateOf(roomId)).state(metadataType);

  for (const version of ['10', '12']) {
    test(`keep people and all that was written, in version ${version}`, async () => {
      const [ann, ben] = await world.people.several(2);
      assert.ok(ann && ben);
      const newcomer = await world.people.make();
      const members = [ann.userId, ben.userId];
      const roomId = await world.legacyRoom({ version, members });
      await world.admit(roomId);
      const written = await world.history(ann.userId, roomId);
      assert.equal(written.length, 3);
      const id = await importRoom(newSlug(), roomId, [
        [ann, 'owner'],
        [newcomer, 'member'],
      ]);
      await world.sync(id);
      const actual = await world.stateOf(roomId);
      for (const { userId } of [ann, ben, newcomer]) {
        assert.equal(actual.members.get(userId)?.membership, 'join', userId);
      }
      assert.equal(actual.state('m.room.name')?.name, 'From before');
      const said = actual.state(metadataType);
      assert.deepEqual([said?.legacy_room, said?.tenant_id], [true, acme]);
      assert.equal((await world.levels(roomId))[ann.userId], 75);
      await world.say(newcomer.userId, roomId);
      for (const { userId } of [ann, ben]) {
        const now = await world.history(userId, roomId);
        assert.deepEqual(
          now.filter((body) => written.includes(body)),
          written,
        );
      }
    });

    test(`get the levels of roles, and get back those they had, in version ${version}`, async () => {
      const [owner, former, other] = await world.people.several(3);
      const admin = await world.people.make({ roles: ['platform.admin'] });
      assert.ok(owner && former && other);
      const members = [owner.userId, former.userId, other.userId];
      const levels = { [former.userId]: 60, [other.userId]: 30 };
      const roomId = await world.legacyRoom({ version, members, levels });
      await world.admit(roomId);
      const before = (await world.stateOf(roomId)).state('m.room.power_levels');
      await importRoom(newSlug(), roomId, [
        [owner, 'owner'],
        [former, 'member'],
      ]);
      const shown = mine((await world.migrate<LevelsReport>('power-levels')).mended, roomId);
      assert.deepEqual(
        shown[0]?.people
          .filter(({ userId }) => members.includes(userId))
          .map((it) => [it.level, it.wanted])
          .sort(),
        [
          [0, 75],
          [60, 0],
        ],
      );
      assert.deepEqual((await world.stateOf(roomId)).state('m.room.power_levels'), before);
      const done = await world.migrate<LevelsReport>('power-levels', '--apply');
      const now = await world.levels(roomId);
      assert.deepEqual(
        [now[owner.userId], now[former.userId], now[other.userId], now[admin.userId]],
        // A bot that is not the creator could never lower another 100 again.
        [75, undefined, 30, 99],
      );
      const again = await world.migrate<LevelsReport>('power-levels');
      assert.deepEqual(mine(again.mended, roomId), []);
      assert.deepEqual((await world.rollBack(done.rollbackFile)).refused, []);
      assert.deepEqual((await world.stateOf(roomId)).state('m.room.power_levels'), before);
      // As after a crash between the line and the change.
      const { undone, present } = await world.rollBack(done.rollbackFile);
      assert.deepEqual([undone, present], [0, done.mended.length]);
      assert.equal((await world.history(owner.userId, roomId)).length, 4);
    });

    test(`are marked, if need be by power that is taken and given back, in version ${version}`, async () => {
      const roomId = await world.legacyRoom({ version, members: [] });
      const before = (await world.stateOf(roomId)).state('m.room.power_levels');
      const slug = newSlug();
      await importRoom(slug, roomId);
      const blocked = await world.migrate<MarkReport>('mark-legacy', '--apply');
      assert.match(mine(blocked.blocked, roomId)[0]?.reason ?? '', /is not in the room/);
      const done = await world.migrate<MarkReport>('mark-legacy', '--take-power', '--apply');
      assert.deepEqual(mine(done.marked, roomId), [
        { roomId, entityType: 'group', entitySlug: slug },
      ]);
      const { migration_date: date, ...said } = (await metadataOf(roomId)) ?? {};
      assert.deepEqual(said, {
        ...{ entity_type: 'group', entity_slug: slug, tenant_id: acme, legacy_room: true },
      });
      assert.ok(Date.parse(String(date)) > Date.now() - 600_000);
      const again = await world.migrate<MarkReport>('mark-legacy', '--apply');
      assert.deepEqual(mine(again.marked, roomId), []);
      const shown = await world.migrate<RollbackReport>('rollback', `${done.rollbackFile}`);
      const undone = await world.rollBack(done.rollbackFile);
      assert.deepEqual([shown.undone, shown.refused], [undone.undone, []]);
      assert.deepEqual(undone.refused, []);
      assert.deepEqual(await metadataOf(roomId), {});
      assert.deepEqual((await world.stateOf(roomId)).state('m.room.power_levels'), before);
    });
  }

  test('of which nothing is known are marked as unknown, and others’ metadata left alone', async () => {
    const [unknown, foreign] = [await world.legacyRoom(), await world.legacyRoom()];
    await world.admit(unknown);
    const path = `/rooms/${encodeURIComponent(foreign)}/state/${metadataType}/`;
    const theirs = { entity_type: 'group', entity_slug: 'theirs', tenant_id: 'someone' };
    await world.people.act(world.creator, 'PUT', path, theirs);
    await importRoom(newSlug(), foreign);
    const file = await world.file(
      'rest.csv',
      `room_id\n${unknown}\n${foreign}\n!none:matrix.example\n`,
    );
    const report = await world.migrate<MarkReport>('mark-legacy', '--file', file, '--apply');
    assert.deepEqual(report.marked, [{ roomId: unknown, entityType: 'unknown' }]);
    assert.deepEqual(report.missing, ['!none:matrix.example']);
    assert.deepEqual(report.contradicting, [{ roomId: foreign, says: theirs }]);
    const said = await metadataOf(unknown);
    assert.deepEqual([said?.entity_type, said?.legacy_room], ['unknown', true]);
    assert.deepEqual(await metadataOf(foreign), theirs);
  });

  test('are not overwritten by a rollback where somebody changed them since', async () => {
    const roomId = await world.legacyRoom();
    await world.admit(roomId);
    await importRoom(newSlug(), roomId);
    const done = await world.migrate<LevelsReport>('power-levels', '--apply');
    const ann = await world.people.make();
    const path = `/rooms/${encodeURIComponent(roomId)}/state/m.room.power_levels/`;
    const levels = (await world.stateOf(roomId)).state('m.room.power_levels') as { users: object };
    const changed = { ...levels, users: { ...levels.users, [ann.userId]: 42 } };
    await world.people.act(world.creator, 'PUT', path, changed);
    const { refused } = await world.rollBack(done.rollbackFile);
    assert.deepEqual(
      refused.filter(({ key }) => key[0] === roomId),
      [{ kind: 'room_state', key: [roomId, 'm.room.power_levels'], reason: 'changed_since' }],
    );
    assert.equal((await world.levels(roomId))[ann.userId], 42);
  });

  test('lose people whom nobody gave a role only after going live, and only as shown', async () => {
    const [member, stranger] = await world.people.several(2);
    assert.ok(member && stranger);
    const roomId = await world.legacyRoom({ members: [member.userId, stranger.userId] });
    await world.admit(roomId);
    const id = await importRoom(newSlug(), roomId, [[member, 'member']]);
    await world.sync(id);
    const here = async (userId: string) =>
      (await world.stateOf(roomId)).members.get(userId)?.membership;
    assert.equal(await here(stranger.userId), 'join');
    const shown = await world.migrate<GoLiveReport>('go-live');
    const [room] = mine(shown.rooms, roomId);
    assert.ok(room?.strangers.includes(stranger.userId) && !room.strangers.includes(member.userId));
    await world.sync(id);
    assert.equal(await here(stranger.userId), 'join');
    const done = await world.migrate<GoLiveReport>('go-live', '--apply');
    await world.sync(id);
    assert.deepEqual([await here(stranger.userId), await here(member.userId)], ['leave', 'join']);
    await world.rollBack(done.rollbackFile);
    assert.deepEqual(mine((await world.migrate<GoLiveReport>('go-live')).rooms, roomId).length, 1);
  });

  test('have people without a Matrix account, who are listed with the reason', async () => {
    const ready = await world.people.make();
    const people = await world.people.several(4, { matrix: false });
    const [none, begun, conflict, gone] = people.map(({ slug }) => slug);
    const states = [
      [begun, 'begun'],
      [conflict, 'conflict'],
      [gone, 'deactivated'],
    ];
    for (const [slug, state] of states) {
      await world.database.query(
        `insert into matrix_users (handle, account_id, state)
          select platform_slug, id, $2 from accounts where platform_slug = $1`,
        [slug, state],
      );
    }
    const nameless = await world.people.make({ matrix: false });
    await world.database.query('delete from handles where handle = $1', [nameless.slug]);
    const slug = newSlug();
    await importLines(
      'members',
      `type,entity_slug,user_slug,role\ngroup,${slug},nobody-${slug},member\n`,
    );
    const report = await world.migrate<WithoutMatrixReport>(
      'users-without-matrix',
      '--tenant',
      'acme',
    );
    const reasons = Object.fromEntries(report.users.map((it) => [it.platformSlug, it.reason]));
    assert.deepEqual(
      [none, begun, conflict, gone, nameless.slug, `nobody-${slug}`, ready.slug].map(
        (it) => reasons[`${it}`],
      ),
      [
        'not_provisioned',
        'provisioning',
        'conflict',
        'deactivated',
        'no_handle',
        'no_account',
        undefined,
      ],
    );
    assert.equal(report.counts.conflict, 1);
  });
});
