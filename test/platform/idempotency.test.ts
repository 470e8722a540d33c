import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openWorld, type World } from '../oidc/world.ts';
import { addMachine, tokenOf } from './api.ts';

let world: World;
let token: string;
let serial = 0;

const order = { scopes: ['rooms:write', 'rooms:read', 'accounts:write'] };

beforeAll(async () => {
  world = await openWorld();
  token = await tokenOf(
    world,
    await addMachine(world, { tenantIds: [world.defaultTenantId], ...order }),
  );
});
afterAll(() => world.close());

function newKey(): string {
  serial += 1;
  return `key ${serial}`;
}

async function write(
  key: string,
  body: object,
  { method = 'POST', path = '/matrix/rooms', by = token } = {},
) {
  const response = await fetch(`${world.url}/internal${path}`, {
    method,
    headers: {
      authorization: `Bearer ${by}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body: answer };
}

const jazz = (more: object = {}) => ({
  ...{ entityType: 'event', entitySlug: 'jazz', creatorSlug: 'ada', ...more },
});

describe('a write with an Idempotency-Key', () => {
  test('sent again gets the first answer, whatever happened since', async () => {
    const key = newKey();
    const first = await write(key, jazz({ name: 'One' }));
    assert.equal(first.headers.get('idempotency-replayed'), null);
    await write(newKey(), jazz({ name: 'Two' }));
    const again = await write(key, jazz({ name: 'One' }));
    assert.deepEqual([again.status, again.body], [200, first.body]);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    const waited = await write(key, jazz({ name: 'One' }), { path: '/matrix/rooms?wait=1' });
    assert.deepEqual(waited.body, first.body, 'how long one waits makes it no other request');
    const now = await write(newKey(), jazz());
    assert.equal(now.body.name, 'Two', 'nothing was written again');
  });

  test('with another body, path or query is refused', async () => {
    const key = newKey();
    await write(key, jazz());
    const path = '/matrix/rooms/by-entity/event/jazz';
    const patch = newKey();
    await write(patch, { name: 'x' }, { method: 'PATCH', path });
    const others = [
      await write(key, jazz({ name: 'Other' })),
      await write(key, jazz(), { path: '/matrix/rooms?tenant=default' }),
      await write(patch, { name: 'x' }, { method: 'PATCH', path: `${path}2` }),
    ];
    for (const { status, body } of others) {
      assert.deepEqual([status, body.error], [422, 'idempotency_key_reused']);
    }
  });

  test("is another client's or tenant's or route's own, whoever else used that key", async () => {
    const key = newKey();
    const tenant = await world.addTenant();
    const tenantIds = [world.defaultTenantId, tenant.id];
    const by = await tokenOf(world, await addMachine(world, { tenantIds, ...order }));
    await write(key, jazz());
    for (const tenantId of tenantIds) {
      const body = jazz({ entitySlug: 'mine', tenantId });
      const { status, headers } = await write(key, body, { by });
      assert.deepEqual([status, headers.get('idempotency-replayed')], [200, null]);
    }
    const path = '/matrix/rooms/by-entity/event/jazz';
    assert.equal((await write(key, { name: 'y' }, { method: 'PATCH', path })).status, 200);
  });

  test('that was refused may be mended and sent with the same key', async () => {
    const key = newKey();
    const path = '/matrix/rooms/by-entity/event/not-yet';
    const refused = await write(key, { name: 'x' }, { method: 'PATCH', path });
    assert.equal(refused.status, 404);
    await write(newKey(), jazz({ entitySlug: 'not-yet' }));
    assert.equal((await write(key, { name: 'x' }, { method: 'PATCH', path })).status, 200);
  });

  test('must have one that can be a key', async () => {
    for (const key of ['x'.repeat(256), 'schlüssel']) {
      const { status, body } = await write(key, jazz());
      assert.deepEqual([status, body.error], [400, 'input_invalid']);
    }
  });

  test('does what a process left behind that died in it', async () => {
    const key = newKey();
    const body = jazz({ entitySlug: 'left', name: 'Left' });
    const before = await keysSince(async () => {
      await write(key, body);
    });
    assert.equal(before.length, 1);
    const pretend = (seconds: number) =>
      world.database.query(
        `update idempotency_keys set status = null, answer = null,
          expires_at = now() + make_interval(secs => $2) where id = $1`,
        [before[0], seconds],
      );
    await pretend(8);
    const busy = await write(key, body);
    assert.deepEqual([busy.status, busy.body.error], [409, 'idempotency_in_progress']);
    const wait = Number(busy.headers.get('retry-after'));
    assert.ok(wait > 0 && wait <= 10, `${wait}`);
    await pretend(-1);
    const done = await write(key, body);
    assert.deepEqual([done.status, done.headers.get('idempotency-replayed')], [200, null]);
    assert.equal((await write(key, body)).headers.get('idempotency-replayed'), 'true');
  });

  test('leaves nothing that can be read in the database', async () => {
    const key = `secret-${newKey()}`;
    await write(key, jazz({ name: 'A surprise party' }));
    const rows = await world.database.query<{ text: string }>(
      'select idempotency_keys::text as text from idempotency_keys',
    );
    for (const { text } of rows) assert.doesNotMatch(text, /secret-|surprise|jazz/);
  });
});

/** Rows of keys that were made meanwhile. */
async function keysSince(work: () => Promise<void>): Promise<string[]> {
  const ids = async () => {
    const rows = await world.database.query<{ id: string }>('select id from idempotency_keys');
    return rows.map(({ id }) => id);
  };
  const before = await ids();
  await work();
  return (await ids()).filter((id) => !before.includes(id));
}
