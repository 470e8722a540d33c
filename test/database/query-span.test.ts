import assert from 'node:assert/strict';
import { test } from 'vitest';
import { querySpan } from '../../src/database/query-span.ts';

test('a query is called by what it does to which table, whatever its parentheses hold', () => {
  const cases: [text: string, name: string][] = [
    ['select id from accounts where id = $1', 'select accounts'],
    ['insert into handles (handle) values ($1) on conflict do nothing', 'insert handles'],
    ['update tenants t set name = $2 from clients c where t.id = $1', 'update tenants'],
    ['delete from mails where id = $1', 'delete mails'],
    [
      `with gone as (delete from a where id in (select id from b) returning id)
        select extract(epoch from c.at), (select count(*) from d) from c`,
      'select c',
    ],
    ["select from graphile_worker.add_job('x', $1)", 'select graphile_worker.add_job'],
    ['SELECT "t"."id" FROM "tenants" "t" LIMIT 1', 'select tenants'],
    ['select pg_advisory_xact_lock($1)', 'select'],
    ['START TRANSACTION', 'start'],
    ['COMMIT', 'commit'],
  ];
  for (const [text, name] of cases) assert.equal(querySpan(text).name, name);
});
