import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { openEntity } from '../../src/entities/calls.ts';
import { entityByKey } from '../../src/entities/entities.store.ts';
import { markOver } from '../../src/matrix/rooms/progress.store.ts';
import { testDatabase } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { addRoom } from './rows.ts';

let database: Database;
let drop: () => Promise<void>;
const tenantId = randomUUID();
const aliases = { event: '{slug}', group: '{slug}', workspace: '{slug}', organization: '{slug}' };
const chess = { tenantId, entityType: 'group', entitySlug: 'chess' } as const;

beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = await openDatabase({ url: made.url, poolSize: 3 });
  await database.query("insert into tenants (id, slug, name) values ($1, 'acme', 'Acme')", [
    tenantId,
  ]);
});
afterAll(async () => {
  await database.close();
  await drop();
});

test('an entity told of again while its room is given up keeps its alias', async () => {
  const roomId = '!old:matrix.example';
  const id = await addRoom(database, { ...chess, state: 'deleted', roomId });
  await database.query("update matrix_rooms set alias = 'group-chess' where entity = $1", [id]);
  let over: Promise<void> | undefined;
  await database.transaction(async (tx) => {
    await openEntity(
      { tx, serverName: 'matrix.example', rooms: { aliases, encryptedTypes: [] } },
      chess,
      { creatorSlug: 'ada' },
    );
    over = markOver(database, id, roomId);
    await until(
      async () => {
        const waiting = await database.query(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        return waiting.length === 1;
      },
      { what: 'the worker to wait for the statement' },
    );
  });
  await over;
  const entity = await entityByKey(database, chess);
  assert.deepEqual([entity?.state, entity?.roomId, entity?.alias], ['active', null, 'group-chess']);
});
