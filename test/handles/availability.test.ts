import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import type { Queryable } from '../../src/database/database.ts';
import { checkHandle, suggestHandles } from '../../src/handles/availability.ts';
import { freeAmong } from '../../src/handles/handles.store.ts';
import { activateHandle, holdHandle, tombstoneHandle } from '../../src/handles/hold.ts';
import { handlePolicy } from '../../src/handles/policy.ts';
import { policy, useRegistry } from './registry.ts';

const registry = useRegistry();
const { hold } = registry;

const check = (typed: string, person?: Parameters<typeof checkHandle>[3]) =>
  checkHandle(registry.db, typed, policy, person);

function register(handle: string, state: 'held' | 'active' | 'tombstoned') {
  const wanted = hold({ handle });
  return registry.db.transaction(async (tx) => {
    await holdHandle(tx, wanted);
    if (state !== 'held') await activateHandle(tx, wanted);
    if (state === 'tombstoned') await tombstoneHandle(tx, wanted.accountId);
    return wanted;
  });
}

describe('asking for a handle', () => {
  test('that is free says so, with what would be registered', async () => {
    const answer = await check('@Free.Bird:matrix.example');
    assert.deepEqual(answer, { handle: 'free.bird', available: true, suggestions: [] });
  });

  for (const state of ['held', 'active', 'tombstoned'] as const) {
    test(`that is ${state} says "taken"`, async () => {
      await register(`${state}.john`, state);
      const answer = await check(`${state}.john`);
      assert.equal(answer.available, false);
      assert.equal(answer.reason, 'taken');
      assert.equal(answer.suggestions.length, 3);
    });
  }

  test('that a tenant is called by says "taken" too', async () => {
    assert.equal((await check('acme')).reason, 'taken');
  });

  test('that a bridge has says "taken" too', async () => {
    const bridged = handlePolicy({
      serverName: 'matrix.example',
      reservedWords: [],
      reservedPatterns: [],
      appserviceNamespaces: ['@irc\\..*'],
    });
    const answer = await checkHandle(registry.db, 'irc.anna', bridged);
    assert.equal(answer.reason, 'taken');
    for (const handle of answer.suggestions) assert.doesNotMatch(handle, /^irc\./);
  });

  test('that breaks a rule names the rule and still suggests', async () => {
    const answer = await check('Zoë', { name: 'Zoë Martin' });
    assert.equal(answer.reason, 'characters');
    assert.deepEqual(answer.suggestions, ['zoe', 'zoe.martin', 'zoemartin']);
  });

  test('that looks like a reserved word suggests nothing like it', async () => {
    const answer = await check('adm1n', { name: 'Kim Berg' });
    assert.equal(answer.reason, 'reserved_look_alike');
    assert.deepEqual(answer.suggestions, ['kim.berg', 'kimberg', 'kim-berg']);
  });

  test('that one holds oneself says it is available', async () => {
    const mine = await register('mine.own', 'held');
    assert.equal((await check('mine.own', { heldBy: mine.heldBy })).available, true);
    assert.equal((await check('mine.own')).available, false);
  });

  test('whose hold ended says it is available', async () => {
    await register('late.bird', 'held');
    await registry.expire('late.bird');
    assert.equal((await check('late.bird')).available, true);
  });

  test('takes one query, whatever is asked and answered', async () => {
    let queries = 0;
    const counted: Queryable = {
      query: (text, values) => {
        queries += 1;
        return registry.db.query(text, values);
      },
      afterCommit() {},
    };
    for (const typed of ['quite.free', 'acme', 'admin', '', 'ö', 'a'.repeat(5000)]) {
      queries = 0;
      await checkHandle(counted, typed, policy, { name: 'Ann Lee', email: 'a.lee@b.example' });
      assert.equal(queries, 1, typed.slice(0, 20));
    }
  });
});

describe('suggestions', () => {
  test('are truly free', async () => {
    await register('mary.sue', 'active');
    await register('marysue', 'held');
    const free = await suggestHandles(registry.db, policy, { name: 'Mary Sue' });
    assert.deepEqual(free, ['mary-sue', 'msue', 'marys']);
  });

  test('are found for a name that everybody has', async () => {
    await registry.db.query(
      `insert into handles (handle, state)
       select unnest(array['pat.poe', 'patpoe', 'pat-poe', 'ppoe', 'patp', 'poe.pat', 'pat.poe2']),
              'active'`,
    );
    const free = await suggestHandles(registry.db, policy, { name: 'Pat Poe' });
    assert.equal(free.length, 3);
    for (const handle of free)
      assert.match(handle, /^(pat\.poe\d\d|pat\.poe\d{4}|[a-z]+-[a-z]+\d\d)$/);
  });
});

describe('a large registry', () => {
  for (const mode of ['force_generic_plan', 'force_custom_plan']) {
    test(`is asked by index alone, with ${mode}`, async () => {
      await registry.db.query(
        `insert into handles (handle, account_id, state)
         select 'user' || n || '.x', gen_random_uuid(), 'active' from generate_series(1, 50000) as n
         on conflict do nothing`,
      );
      await registry.db.query('analyze handles');
      const plan = await registry.db.transaction(async (tx) => {
        await tx.query(`select set_config('plan_cache_mode', $1, true)`, [mode]);
        const lines: { 'QUERY PLAN': string }[] = [];
        const explaining: Queryable = {
          async query(text, values) {
            lines.push(...(await tx.query<{ 'QUERY PLAN': string }>(`explain ${text}`, values)));
            return [];
          },
          afterCommit() {},
        };
        await freeAmong(explaining, ['user4711.x', 'user4711.y'], 'somebody');
        return lines.map((line) => line['QUERY PLAN']).join('\n');
      });
      assert.match(plan, /handles_lower/);
      assert.doesNotMatch(plan, /Seq Scan on handles/);
    });
  }
});
