import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { linkByWord } from '../../src/entities/links.store.ts';
import { requestLink, requestLinkByOperator } from '../../src/entities/links.ts';
import { testDatabase } from '../support/postgres.ts';

let database: Database;
let drop: () => Promise<void>;
const tenantId = randomUUID();

beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = await openDatabase({ url: made.url, poolSize: 2 });
  await database.query(`insert into tenants (id, slug, name) values ($1, 'acme', 'Acme')`, [
    tenantId,
  ]);
});
afterAll(async () => {
  await database.close();
  await drop();
});

test('an operator’s word counts for the room they named, never for one that a client asks for next', async () => {
  const entity = { tenantId, entityType: 'group' as const, entitySlug: 'chess' };
  const named = { entity, roomId: '!named:matrix.example', requestedBy: 'operator' };
  const asked = { entity, roomId: '!asked:matrix.example', requestedBy: 'platform' };
  const byWord = () => database.transaction((tx) => requestLinkByOperator(tx, named));
  const room = await byWord();
  assert.equal((await linkByWord(database, room))?.roomId, named.roomId);
  await database.transaction((tx) => requestLink(tx, asked));
  assert.equal(await linkByWord(database, room), undefined);
  await byWord();
  assert.equal((await linkByWord(database, room))?.roomId, named.roomId);
});

test('an alias is no room that somebody can link', async () => {
  const entity = { tenantId, entityType: 'group' as const, entitySlug: 'go' };
  const order = { entity, roomId: '#go:matrix.example', requestedBy: 'operator' };
  const asking = database.transaction((tx) => requestLinkByOperator(tx, order));
  await assert.rejects(asking, { code: 'room_id_invalid' });
});
