import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { pseudonymiseAudit } from '../../../src/accounts/lifecycle.store.ts';
import { record } from '../../../src/audit/events.ts';
import { retainAudit } from '../../../src/audit/retention.ts';
import { sealAudit, verifyAudit } from '../../../src/audit/seals.ts';
import type { Database } from '../../../src/database/database.ts';
import { openDatabase } from '../../../src/database/open.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { Fingerprints } from '../../../src/secrets/fingerprints.ts';
import { runCli } from '../../cli/terminal.ts';
import { type TestDatabase, testDatabase } from '../../support/postgres.ts';
import { startService } from '../../support/service.ts';
import { until } from '../../support/until.ts';

let place: TestDatabase;
let database: Database;
const fingerprints = new Fingerprints(randomBytes(32));

beforeAll(async () => {
  place = await testDatabase();
  database = await openDatabase({ url: place.url, poolSize: 6 });
  await database.query(
    "insert into tenants (id, slug, name) values (gen_random_uuid(), 'acme', 'Acme')",
  );
});
afterAll(async () => {
  await database.close();
  await place.drop();
});

/** As the application's own role, which owns the tables and so can switch their triggers off. */
const tamper = (...statements: string[]) =>
  database.transaction(async (tx) => {
    await tx.query('alter table audit disable trigger user');
    for (const statement of statements) await tx.query(statement);
    await tx.query('alter table audit enable trigger user');
  });

beforeEach(() => tamper('truncate audit', 'truncate audit_seals cascade'));

const person = randomUUID();

async function happened(count: number, at = 'now()'): Promise<void> {
  await database.query(
    `insert into audit (at, actor, action, target, address, outcome, detail)
      select ${at}, $1, 'test.happened', $1, '192.0.2.7', 'success', '{"way":"code"}'
        from generate_series(1, $2::int)`,
    [person, count],
  );
}

const accountThatIs = (status: 'active' | 'deleted') =>
  database.query(
    `insert into accounts (id, tenant_id, status, name) select $1, id, $2, '' from tenants
      on conflict (id) do update set status = excluded.status`,
    [person, status],
  );

const seal = () => sealAudit(database, fingerprints);
const problems = async () => (await verifyAudit(database, fingerprints)).problems;

describe('the audit that nobody touched', () => {
  test('is believed, seal after seal', async () => {
    for (const count of [3, 1, 2500]) {
      await happened(count);
      await seal();
    }
    const { rows, seals, problems } = await verifyAudit(database, fingerprints);
    assert.deepEqual({ rows, seals, problems }, { rows: 2504, seals: 5, problems: [] });
  });

  test('is sealed once by many processes at once', async () => {
    await happened(1500);
    await Promise.all([seal(), seal(), seal(), seal()]);
    await seal();
    const { rows, problems } = await verifyAudit(database, fingerprints);
    assert.deepEqual([rows, problems], [1500, []]);
  });

  test('makes nobody wait who writes, and covers late what was open when others were sealed', async () => {
    let goOn = () => {};
    const open = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let began = () => {};
    const written = new Promise<void>((resolve) => {
      began = resolve;
    });
    const slow = database.transaction(async (tx) => {
      await record(tx, { action: 'job.retried', actor: 'system' });
      began();
      await open;
    });
    await written;
    await happened(5);
    await seal();
    assert.equal((await verifyAudit(database, fingerprints)).rows, 5);
    goOn();
    await slow;
    await seal();
    const { rows, problems } = await verifyAudit(database, fingerprints);
    assert.deepEqual([rows, problems], [6, []]);
  });

  test('is believed when rows and addresses went by age', async () => {
    await happened(2, `now() - interval '401 days'`);
    await seal();
    await happened(3, `now() - interval '91 days'`);
    await seal();
    await happened(4);
    await seal();
    await retainAudit(database);
    const left = await database.query('select from audit where address is not null');
    assert.equal(left.length, 4);
    assert.deepEqual(await problems(), []);
    await seal();
    assert.deepEqual(await problems(), [], 'also without the seals of rows that are gone');
  });

  test('is believed when an account was deleted, and its seals tell nothing of it', async () => {
    await happened(2);
    await seal();
    await accountThatIs('deleted');
    await database.transaction(async (tx) => {
      await record(tx, { action: 'account.deleted', actor: person, target: person });
      await pseudonymiseAudit(tx, { tenantId: randomUUID(), accountId: person });
    });
    assert.deepEqual(await problems(), []);
    const salts = await database.query(
      'select from audit_sealed where address_salt is not null or detail_salt is not null',
    );
    assert.equal(salts.length, 0);
    await seal();
    assert.deepEqual(await problems(), []);
  });
});

describe('whoever owns the tables cannot, without being found out,', () => {
  const row = '(select max(id) - 1 from audit)';
  const forgotten = `update audit_sealed set address_salt = null, detail_salt = null where audit_id = ${row}`;
  const acts: [what: string, statements: string[]][] = [
    ['change who did it', [`update audit set actor = 'nobody' where id = ${row}`]],
    ['change what was done', [`update audit set action = 'test.else' where id = ${row}`]],
    ['change when', [`update audit set at = at - interval '1 second' where id = ${row}`]],
    ['change from where', [`update audit set address = '192.0.2.8' where id = ${row}`]],
    ['change the detail', [`update audit set detail = '{}' where id = ${row}`]],
    [
      'clear an address before its time',
      [`update audit set address = null where id = ${row}`, forgotten],
    ],
    [
      'erase a detail of somebody who is said to be deleted',
      [
        `insert into audit (actor, action, target, outcome) values ('system', 'account.deleted', '${person}', 'success')`,
        `update audit set detail = '{}', address = null where id = ${row}`,
        forgotten,
      ],
    ],
    [
      'erase a detail',
      [`update audit set detail = '{}', address = null where id = ${row}`, forgotten],
    ],
    ['remove a row', [`delete from audit where id = ${row}`]],
    [
      'remove a row and what tells of it',
      [
        `delete from audit_sealed where audit_id = ${row}`,
        `delete from audit where id = ${row}`,
        'update audit_seals set rows = rows - 1 where number = 2',
      ],
    ],
    ['remove a seal with its rows', ['delete from audit_seals where number = 2']],
    ['remove the oldest seals', ['delete from audit_seals where number = 1']],
    [
      'make a seal look old',
      [`update audit_seals set since = now() - interval '2 years' where number = 2`],
    ],
    [
      'add a seal that was made for another place',
      [
        'insert into audit_seals select 9, sealed_at, since, rows, digest, seal from audit_seals where number = 3',
      ],
    ],
  ];
  for (const [what, statements] of acts) {
    test(what, async () => {
      await accountThatIs('active');
      for (let count = 0; count < 3; count += 1) {
        await happened(3);
        await seal();
      }
      assert.deepEqual(await problems(), []);
      await tamper(
        ...statements.map((text) =>
          text.replaceAll(
            row,
            '(select min(audit_id) + 1 from audit_sealed where seal_number = 2)',
          ),
        ),
      );
      assert.notDeepEqual(await problems(), []);
    });
  }

  test('seal anew what was changed: the key is not in the database', async () => {
    await happened(3);
    await seal();
    await tamper(`update audit set actor = 'nobody'`, 'truncate audit_seals cascade');
    await sealAudit(database, new Fingerprints(randomBytes(32)));
    assert.notDeepEqual(await problems(), []);
  });
});

test('the worker seals, and the doctor tells of a row that was changed', {
  timeout: 180_000,
}, async () => {
  const service = await startService();
  const own = await openDatabase({ url: service.databaseUrl, poolSize: 2 });
  const audit = async () => {
    const { stdout } = await runCli(['doctor', '--json'], {
      env: {
        ...{ NODE_ENV: 'test', DATABASE_URL: service.databaseUrl },
        ...{ DATA_DIR: service.dataDir, PUBLIC_URL: service.url },
      },
    });
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    return findings.find(({ name }) => name === 'audit');
  };
  try {
    await own.query(`select from graphile_worker.add_job('upkeep', queue_name => 'upkeep')`);
    const sealed = async () => (await own.query('select from audit_sealed')).length > 0;
    await until(sealed, { what: 'a seal', timeout: 60_000 });
    const believed = await audit();
    assert.equal(believed?.status, 'ok');
    const [, last = ''] = /the last is ([\w-]{8,})/.exec(believed?.message ?? '') ?? [];
    assert.match(service.logs(), /"msg":"audit_sealed"/);
    assert.ok(
      service.logs().includes(last),
      'the log keeps what was last, apart from the database',
    );
    await own.transaction(async (tx) => {
      await tx.query('alter table audit disable trigger user');
      await tx.query(
        `update audit set actor = 'nobody' where id = (select min(audit_id) from audit_sealed)`,
      );
      await tx.query('alter table audit enable trigger user');
    });
    const found = await audit();
    assert.equal(found?.status, 'fail');
    assert.match(found?.message ?? '', /Rows of seal 1 are not those|Row \d+ was changed/);
  } finally {
    await own.close();
    await service.stop();
  }
});
