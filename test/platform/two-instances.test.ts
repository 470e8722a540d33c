import assert from 'node:assert/strict';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { delivery, inBatches, renamed } from '../entities/histories.ts';
import { furnish, type World } from '../oidc/world.ts';
import { type BalancedService, startInstances } from '../support/service.ts';
import { openPlatform, type Platform, pathOf, platformWith } from './room-platform.ts';

let world: World<BalancedService>;
let platform: Platform;

beforeAll(async () => {
  world = await furnish(await startInstances(2));
  platform = await openPlatform(world);
});
afterAll(() => world.close());

describe('two instances', () => {
  test('do one write of many that come at once with one key', async () => {
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 16 }, async () => {
          const response = await fetch(`${world.url}/internal/matrix/rooms`, {
            method: 'POST',
            headers: {
              authorization: `Bearer ${platform.token}`,
              'content-type': 'application/json',
              'idempotency-key': `round ${round}`,
            },
            body: JSON.stringify({
              ...{ entityType: 'event', entitySlug: `round-${round}`, creatorSlug: 'ada' },
            }),
          });
          return {
            status: response.status,
            replayed: response.headers.has('idempotency-replayed'),
          };
        }),
      );
      const done = answers.filter(({ status, replayed }) => status === 200 && !replayed);
      assert.equal(done.length, 1, JSON.stringify(answers));
      for (const { status } of answers) assert.ok(status === 200 || status === 409);
    }
    const audited = await world.database.query("select from audit where action = 'room.told'");
    assert.equal(audited.length, 5);
  });

  test('end in the same, whatever order a history reaches them in, and however often', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        delivery,
        fc.integer({ min: 1, max: 5 }),
        async ({ events, arrived }, size) => {
          run += 1;
          const [inOrder, shuffled] = [`${run}-in-order`, `${run}-shuffled`];
          await platform.report(...renamed(events, inOrder));
          for (const batch of inBatches(renamed(arrived, shuffled), size)) {
            await platform.report(...batch);
          }
          assert.deepEqual(await stateOf(shuffled), await stateOf(inOrder));
        },
      ),
      { numRuns: 15 },
    );
  });

  test('end in the same when batches about the same things meet, and none is lost', async () => {
    let run = 100;
    const direct = world.service.instances.map(({ url }) => platformWith({ url }, platform.token));
    await fc.assert(
      fc.asyncProperty(delivery, async ({ events, arrived }) => {
        run += 1;
        const [inOrder, met] = [`${run}-in-order`, `${run}-met`];
        await platform.report(...renamed(events, inOrder));
        const batches = inBatches(renamed(arrived, met), 3);
        const sent = batches.map((batch, turn) => direct[turn % 2]?.report(...batch));
        const results = (await Promise.all(sent)).flat();
        assert.ok(
          results.every((it) => it && it.outcome !== 'rejected'),
          JSON.stringify(results),
        );
        assert.deepEqual(await stateOf(met), await stateOf(inOrder));
      }),
      { numRuns: 15 },
    );
  });

  test('change one entity from all sides at once without an error', async () => {
    const slugs = ['one', 'two', 'three'];
    const path = (n: number) => pathOf(slugs[n % 3] ?? 'one');
    const sides: ((n: number) => Promise<unknown>)[] = [
      (n) => platform.tell(slugs[n % 3] ?? 'one', { name: `Name ${n}` }),
      (n) => platform.good('PUT', `${path(n)}/members/bea`, { role: 'attendee' }),
      (n) =>
        platform.good('PUT', `${path(n)}/members`, {
          members: [{ userSlug: `person-${n}`, role: 'organizer' }],
        }),
      (n) =>
        platform.report(
          ...[2, 0, 1].map((turn) => ({
            ...{ id: `side-${n}-${turn}`, type: 'event.attendee.added', userSlug: `p-${n}` },
            ...{ occurredAt: '2026-01-01T00:00:00Z', entitySlug: slugs[(n + turn) % 3] },
          })),
        ),
    ];
    await Promise.all(Array.from({ length: 60 }, (_, n) => sides[n % sides.length]?.(n)));
    for (const slug of slugs) assert.equal((await platform.room(slug)).state, 'active');
  });
});

/** All that is known of the entities of one history, but for how it came to be known. */
async function stateOf(prefix: string): Promise<unknown> {
  return JSON.parse(
    JSON.stringify(
      await world.database.query(
        `select substr(entity_slug, length($1) + 2) as slug, state, name, topic, avatar_url,
          creator_slug, encrypted, cross_tenant, purge, members_since::text, stamps,
          (select json_agg(json_build_array(member, role, power_level, sequence, occurred_at, event_id)
            order by member) from memberships where room = entities.id) as members
        from entities where entity_slug like $1 || '-%' order by entity_slug`,
        [prefix],
      ),
    ).replaceAll(`${prefix}-`, ''),
  );
}
