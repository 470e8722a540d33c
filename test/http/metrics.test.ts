import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../oidc/application.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { testDatabase } from '../support/postgres.ts';
import { type Service, startService } from '../support/service.ts';
import { until } from '../support/until.ts';

const token = 'a-token-for-the-metrics-of-tests';

const ask = (url: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/metrics`, { headers });

async function scrape(url: string): Promise<string> {
  const response = await ask(url, { authorization: `Bearer ${token}` });
  assert.equal(response.status, 200);
  return response.text();
}

/** The value of the one sample whose line matches. */
function sample(text: string, line: RegExp): number | undefined {
  const found = text.split('\n').find((candidate) => line.test(candidate));
  return found === undefined ? undefined : Number(found.split(' ').at(-1));
}

describe('metrics', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld({ env: { METRICS_TOKEN: token } });
  });
  afterAll(() => world.close());

  test('are only for whoever has the token', async () => {
    const wrong = ['', `Bearer ${token}x`, `Bearer ${token.slice(1)}`, token, `Basic ${token}`];
    for (const authorization of wrong) {
      const response = await ask(world.url, authorization ? { authorization } : {});
      assert.equal(response.status, 401, authorization);
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer /);
      assert.ok(!(await response.text()).includes('openmeet_'));
    }
    assert.equal((await fetch(`${world.url}/metrics?token=${token}`)).status, 401);
  });

  test('count requests, sign-ins and events, by names that nobody can make up', async () => {
    const person = await world.addPerson();
    const application = await Application.of(world);
    await application.signIn(newVisitor(), person);
    const { url } = await application.request();
    const visitor = newVisitor();
    await visitor.submit(await visitor.open(url), { email: person.email, password: 'wrong' });
    await fetch(`${world.url}/made-up-${person.id}`);
    await fetch(`${world.url}/oidc/made-up`);

    const text = await until(
      async () => {
        const now = await scrape(world.url);
        return /openmeet_events_total\{.*sign_in_refused/.test(now) && now;
      },
      { what: 'the refused sign-in' },
    );
    assert.equal(sample(text, /sign_ins_total\{method="pwd",outcome="success"\}/), 1);
    assert.equal(sample(text, /sign_ins_total\{method="pwd",outcome="failure"\}/), 1);
    assert.equal(sample(text, /events_total\{action="account.signed_in",outcome="success"\}/), 1);
    const requests =
      /http_request_seconds_count\{method="POST",route="\/oidc\/token",status="2xx"\}/;
    assert.equal(sample(text, requests), 1);
    const others = /http_request_seconds_count\{method="GET",route="other",status="4xx"\}/;
    assert.equal(sample(text, others), 2);
    for (const secret of [person.id, person.email, person.handle, 'made-up']) {
      assert.ok(!text.includes(secret), secret);
    }
  });

  test('tell how the process, its pool, its hashes, its jobs and its tables are', async () => {
    const text = await scrape(world.url);
    assert.ok((sample(text, /^process_resident_memory_bytes /) ?? 0) > 1e6);
    assert.ok(sample(text, /^nodejs_eventloop_lag_seconds /) !== undefined);
    assert.ok((sample(text, /^openmeet_password_hashes_total /) ?? 0) >= 2);
    assert.equal(sample(text, /^openmeet_password_hashes_waiting /), 0);
    const used = sample(text, /database_connections\{state="used"\}/) ?? -1;
    const idle = sample(text, /database_connections\{state="idle"\}/) ?? -1;
    assert.ok(used >= 0 && idle >= 0 && used + idle >= 1, `${used} used, ${idle} idle`);
    assert.equal(sample(text, /^openmeet_database_connections_wanted /), 0);
    assert.equal(sample(text, /^openmeet_after_commit_errors_total /), 0);
    assert.equal(sample(text, /^openmeet_jobs\{state="failed"\}/), 0);
    assert.equal(sample(text, /^openmeet_rooms\{state="failed"\}/), 0);
    for (const table of ['oidc_artifacts', 'mails', 'audit', 'rate_limits']) {
      const bytes = new RegExp(`openmeet_table_bytes\\{table="${table}"\\}`);
      assert.ok((sample(text, bytes) ?? 0) > 0, table);
      const rows = new RegExp(`openmeet_table_rows\\{table="${table}"\\}`);
      assert.ok((sample(text, rows) ?? -1) >= 0, table);
    }
    assert.equal(sample(text, /^openmeet_database_up /), 1);
  });

  test('count rooms by how they are, each once and by the worst', async () => {
    const rows = [
      ['ready', 'null', 'null', 1],
      ['waiting', 'null', 'null', 0],
      ['failed', "'It is full'", "'{}'", 0],
      ['held', 'null', "'{}'", 0],
    ] as const;
    for (const [slug, error, held, synced] of rows) {
      await world.database.query(
        `with entity as (
            insert into entities (id, tenant_id, entity_type, entity_slug, state)
            values (gen_random_uuid(), '${world.defaultTenantId}', 'group', '${slug}', 'active')
            returning id)
          insert into matrix_rooms (entity, error, held_removals, synced_version)
          select id, ${error}, ${held}, ${synced} from entity`,
      );
    }
    const text = await scrape(world.url);
    for (const [state] of rows) {
      assert.equal(sample(text, new RegExp(`^openmeet_rooms\\{state="${state}"\\}`)), 1, state);
    }
  });

  test('have a line of the log beside them for each event, without names or addresses', async () => {
    const lines = world.service
      .logs()
      .split('\n')
      .filter((line) => line.includes('"account.signed_in"'));
    const [line = ''] = lines;
    assert.equal(lines.length, 1);
    const { event, msg } = JSON.parse(line.slice(line.indexOf('{')));
    assert.equal(msg, 'account.signed_in');
    assert.deepEqual(event.detail, { method: 'pwd' });
    assert.match(event.requestId, /^[0-9a-f-]{36}$/);
    assert.ok(!line.includes('@'));
  });
});

test('without a token in the settings there are no metrics', async () => {
  const service: Service = await startService();
  try {
    const response = await ask(service.url, { authorization: 'Bearer undefined' });
    assert.equal(response.status, 404);
    assert.equal((await ask(service.url)).status, 404);
  } finally {
    await service.stop();
  }
});

test('metrics outlive the database, and say that it is gone', async () => {
  const { url: databaseUrl, drop } = await testDatabase();
  const env = { METRICS_TOKEN: token, ROLE: 'web' };
  const service = await startService({ databaseUrl, env });
  try {
    assert.equal(sample(await scrape(service.url), /^openmeet_database_up /), 1);
    await drop();
    const text = await scrape(service.url);
    assert.equal(sample(text, /^openmeet_database_up /), 0);
    assert.equal(sample(text, /^openmeet_table_bytes/), undefined);
  } finally {
    await service.stop();
  }
});
