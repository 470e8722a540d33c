import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { onTestFinished, test } from 'vitest';
import { MatrixRooms1797300000000 } from '../../migrations/1797300000000-matrix-rooms.ts';
import { migrations } from '../../migrations/index.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { testDatabase } from '../support/postgres.ts';

const [tenant, made, linked, awaited] = Array.from({ length: 4 }, () => randomUUID());

/** A room in full, one that was linked, and an entity that nobody has told of, with a member. */
const rows = `
  insert into tenants (id, slug, name) values ('${tenant}', 'acme', 'Acme');
  insert into rooms (id, tenant_id, entity_type, entity_slug, state, name, topic, avatar_url,
      creator_slug, encrypted, cross_tenant, purge, stamps, members_since, strangers, metadata,
      room_id, former_room_id, alias, wanted_version, synced_version, synced_at, error, error_at,
      held_removals, confirmed_removals, checked_at, drift, avatar_mxc, avatar_source, created_at,
      updated_at)
    values ('${made}', '${tenant}', 'group', 'chess', 'cancelled', 'Chess', 'Moves',
      'https://a.example/p.png', 'ada', true, true, true, '{"name":{"eventId":"e1"}}',
      '2025-01-01Z', 'keep', '{"legacy_room":true}', '!new:a.example', '!old:a.example', 'chess', 7,
      6, '2026-01-02Z', 'It is full', '2026-01-03Z', '{"count":1}', 'digest', '2026-01-04Z',
      '{"run":"r"}', 'mxc://a.example/p', 'https://a.example/p.png', '2024-01-01Z', '2026-01-05Z');
  insert into rooms (id, tenant_id, entity_type, entity_slug, state, origin, room_id)
    values ('${linked}', '${tenant}', 'event', 'jazz', 'active', 'linked', '!jazz:a.example');
  insert into rooms (id, tenant_id, entity_type, entity_slug)
    values ('${awaited}', '${tenant}', 'event', 'soon');
  insert into memberships (room, member_tenant_id, member, role, occurred_at, event_id)
    values ('${awaited}', '${tenant}', 'ada', 'attendee', '2026-01-01Z', 'e2');`;

test('rooms of before are found again as entities with their Matrix rooms, column by column', async () => {
  const { url, drop } = await testDatabase({ empty: true });
  const older = await new DataSource({
    ...{ type: 'postgres', url, migrationsTableName: 'migrations' },
    migrations: migrations.slice(0, migrations.indexOf(MatrixRooms1797300000000)),
  }).initialize();
  await older.runMigrations({ transaction: 'each' });
  await older.query(rows);
  const known: object[] = await older.query('select * from rooms order by id');
  await older.destroy();
  const database = await openDatabase({ url, poolSize: 2 });
  onTestFinished(async () => {
    await database.close();
    await drop();
  });
  await migrate(database);
  const entities = await database.query<{ id: string; updated_at: Date }>(
    'select * from entities order by id',
  );
  const rooms = await database.query<{ entity: string; updated_at: Date }>(
    'select * from matrix_rooms order by entity',
  );
  const joined = entities.map((entity, at) => {
    const { entity: id, ...room } = rooms[at] ?? assert.fail('There is no room');
    assert.equal(id, entity.id);
    assert.deepEqual(room.updated_at, entity.updated_at);
    return { ...entity, ...room };
  });
  assert.deepEqual(joined, known);
  const members = await database.query(
    'select member from memberships join entities on entities.id = room where room = $1',
    [awaited],
  );
  assert.deepEqual(members, [{ member: 'ada' }]);
  // What the database itself keeps from happening, it still does.
  const again = [randomUUID(), tenant, 'group', 'chess'];
  const told = 'insert into entities (id, tenant_id, entity_type, entity_slug) values ';
  await assert.rejects(database.query(`${told} ($1, $2, $3, $4)`, again), /entities_slug/);
  for (const [column, value] of Object.entries({ room_id: '!new:a.example', alias: 'chess' })) {
    const taken = database.query(`update matrix_rooms set ${column} = $1 where entity = $2`, [
      ...[value, linked],
    ]);
    await assert.rejects(taken, new RegExp(`matrix_rooms_${column}`));
  }
});
