import assert from 'node:assert/strict';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { ImportReport } from '../../src/migration/import/run.ts';
import type { MissingReport } from '../../src/migration/missing-rooms.ts';
import type { ValidationReport } from '../../src/migration/validate-rooms.ts';
import { newSlug } from '../matrix/rooms-world.ts';
import { type LegacyWorld, openLegacyWorld } from './legacy-rooms.ts';
import { runCli } from './terminal.ts';

const gone = (name: string) => `!${name}:matrix.example`;

describe('rooms of an existing deployment', () => {
  let world: LegacyWorld;
  beforeAll(async () => {
    world = await openLegacyWorld();
  });
  afterAll(() => world.close());

  async function importRooms(rooms: Record<string, string>): Promise<ImportReport> {
    const lines = Object.entries(rooms).map(([slug, roomId]) => `event,${slug},${roomId}\n`);
    const file = await world.file('rooms.csv', `type,slug,room_id\n${lines.join('')}`);
    return world.migrate('import', file, '--kind', 'entities', '--tenant', 'acme', '--apply');
  }

  test('are found valid, missing, deserted or replaced, before anything is imported', async () => {
    const [old, recent, left, upgraded] = await Promise.all(
      ['10', '12', '10', '10'].map((version) => world.legacyRoom({ version })),
    );
    await world.people.leave(world.creator, `${left}`);
    const path = `/rooms/${encodeURIComponent(`${upgraded}`)}/upgrade`;
    const upgrade = { new_version: '11' };
    const { replacement_room: replacement } = (await world.people.act(
      world.creator,
      'POST',
      path,
      upgrade,
    )) as { replacement_room: string };
    const file = await world.file(
      'all.csv',
      `slug,matrixRoomId\na,${old}\nb,${recent}\nc,${left}\nd,${upgraded}\ne,${gone('none')}\nf,\ng,nonsense\na2,${old}\n`,
    );
    const report = await world.migrate<ValidationReport>('validate-rooms', '--file', file);
    const ids = (rooms: { roomId: string }[]) => rooms.map(({ roomId }) => roomId).sort();
    assert.deepEqual(ids(report.valid), [old, recent].toSorted());
    assert.deepEqual(report.missing, [{ roomId: gone('none') }]);
    assert.deepEqual(ids(report.deserted), [left]);
    assert.deepEqual(report.replaced, [{ roomId: upgraded, version: '10', replacement }]);
    assert.deepEqual([report.rooms, report.versions], [5, { 10: 3, 12: 1 }]);
    assert.deepEqual(
      report.problems.map(({ line }) => line),
      [8],
    );
    const { stdout } = await runCli(['migration', 'validate-rooms', '--file', file], {
      env: world.env,
    });
    assert.match(stdout, /!none:matrix\.example +missing[\s\S]*valid +2[\s\S]*missing +1/);
  });

  test('are not asked for again where a journal knows the answer, even a torn one', async () => {
    const roomId = await world.legacyRoom();
    const file = await world.file('few.csv', `room_id\n${roomId}\n${gone('known')}\n`);
    const journal = await world.file('rooms.journal', '');
    await writeFile(
      journal,
      `{"roomId":"${gone('known')}","condition":"valid","version":"1"}\n{"roomI`,
    );
    const options = ['--file', file, '--journal', journal];
    const report = await world.migrate<ValidationReport>('validate-rooms', ...options);
    assert.deepEqual([report.valid.length, report.missing.length], [2, 0]);
    await appendFile(journal, '{"roomId":"!x');
    assert.equal((await world.migrate<ValidationReport>('validate-rooms', ...options)).rooms, 2);
    assert.equal((await readFile(journal, 'utf8')).match(/"condition"/g)?.length, 2);
    const other = await world.file('other.journal', 'hello\n');
    const refused = await world.failure('validate-rooms', '--file', file, '--journal', other);
    assert.equal(refused.code, 'journal_invalid');
  });

  test('are cleared only where Synapse has none, and come back by a rollback', async () => {
    const [there, lost] = [newSlug(), newSlug()];
    const roomId = await world.legacyRoom();
    await importRooms({ [there]: roomId, [lost]: gone(lost) });
    const shown = await world.migrate<MissingReport>('clear-missing');
    assert.deepEqual(
      shown.cleared.map((room) => room.entitySlug),
      [lost],
    );
    assert.equal((await world.rowOf(lost)).room_id, gone(lost));
    const before = await world.rowOf(lost);
    const done = await world.migrate<MissingReport>('clear-missing', '--tenant', 'acme', '--apply');
    assert.equal((await stat(`${done.rollbackFile}`)).mode & 0o777, 0o600);
    const { room_id, state } = await world.rowOf(lost);
    assert.deepEqual([room_id, state], [null, 'awaited']);
    assert.equal((await world.rowOf(there)).room_id, roomId);
    const undone = await world.rollBack(done.rollbackFile);
    assert.deepEqual([undone.undone, undone.refused], [1, []]);
    assert.deepEqual(await world.rowOf(lost), before);
    await world.migrate('clear-missing', '--apply');
  });

  test('are made anew when told, and then no rollback takes them away', async () => {
    const [cleared, missing] = [newSlug(), newSlug()];
    await importRooms({ [cleared]: gone(cleared) });
    await world.migrate('clear-missing', '--apply');
    await world.sync((await world.rowOf(cleared)).id);
    assert.equal((await world.rowOf(cleared)).room_id, null);
    await importRooms({ [missing]: gone(missing) });
    const { recreated, rollbackFile } = await world.migrate<MissingReport>(
      'recreate-missing',
      '--apply',
    );
    const slugs = recreated.map((room) => room.entitySlug);
    assert.ok(slugs.includes(cleared) && slugs.includes(missing));
    const rows = await Promise.all([cleared, missing].map(world.rowOf));
    for (const { id } of rows) await world.sync(id);
    for (const { id } of rows) {
      const actual = await world.actual(id);
      assert.equal(actual.created?.by, world.bot);
      const metadata = actual.state('com.openmeet.room.metadata');
      assert.equal(metadata?.legacy_room, undefined);
    }
    const undone = await world.rollBack(rollbackFile);
    const mine = undone.refused.filter(({ key }) => rows.some(({ id }) => id === key[0]));
    assert.ok(mine.length >= 2 && mine.every(({ reason }) => reason === 'changed_since'));
  });

  test('are not cleared where most are missing, as with the wrong homeserver', async () => {
    const slugs = Array.from({ length: 30 }, newSlug);
    await importRooms(Object.fromEntries(slugs.map((slug) => [slug, gone(slug)])));
    const refused = await world.failure('clear-missing', '--apply');
    assert.equal(refused.code, 'most_rooms_missing');
    const done = await world.migrate<MissingReport>('clear-missing', '--apply', '--yes');
    assert.equal(done.cleared.length, 30);
  });

  test('are not looked for without a token, or with one of another server', async () => {
    const none = await runCli(['migration', 'clear-missing', '--json'], {
      env: { ...world.env, MATRIX_ACCESS_TOKEN: '' },
    });
    assert.equal(JSON.parse(none.stderr).error.code, 'homeserver_not_configured');
    for (const env of [{ MATRIX_SERVER_NAME: 'other.example' }, { MATRIX_ACCESS_TOKEN: 'wrong' }]) {
      const { stderr } = await runCli(['migration', 'clear-missing', '--apply', '--json'], {
        env: { ...world.env, ...env },
      });
      assert.equal(JSON.parse(stderr).error.code, 'homeserver_unusable');
    }
  });
});
