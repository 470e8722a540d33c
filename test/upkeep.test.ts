import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, test } from 'vitest';
import type { Database } from '../src/database/database.ts';
import { openDatabase } from '../src/database/open.ts';
import { Fingerprints } from '../src/secrets/fingerprints.ts';
import { KeyRing } from '../src/secrets/keyring.ts';
import { createUpkeeps } from '../src/upkeep.ts';
import { type TestDatabase, testDatabase } from './support/postgres.ts';

/** Tables that grow with people, operators and their decisions only, and why. */
const kept = new Set([
  'atproto_state', // see test/federation/atproto
  'administrator_words', // one for each person and role that a platform spoke of
  'audit_sealed', // gone with its seal
  'audit_seals', // gone with the rows that they cover: see test/findings/operation/09-audit-seals
  'client_refusals', // at most one for each client
  'accounts', // their ids are what handles, audit and Matrix users refer to
  'client_sessions', // one for each that is not known to have ended at its application
  'client_tenants',
  'clients',
  'connections',
  'data_keys',
  'entities', // what platforms tell of
  'guests', // people, like accounts
  'identities', // gone with their account
  'invitation_uses', // gone with their invitation
  'library_schemas',
  'matrix_devices', // one for each account that signed in to Matrix
  'matrix_rooms', // one for each entity
  'matrix_users', // nobody inherits one
  'memberships', // what platforms say, one for each person and entity
  'migrations',
  'passkeys', // twenty for each account at most
  'recovery_codes', // ten for each account at most
  'signing_keys', // a few a year
  'tenant_domains',
  'tenant_email_domains',
  'tenants',
  'terms_acceptances',
  'worker_heartbeats', // see test/jobs
]);

/** For each other table: a row that is of no use since the interval `past`. */
const growing: Record<string, string> = {
  account_merges: `(id, tenant_id, account_id, browser, expires_at)
    select gen_random_uuid()::text, (select id from tenants limit 1), gen_random_uuid(), '',
      now() - past`,
  appservice_transactions: `(id, received_at)
    select gen_random_uuid()::text, now() - interval '7 days' - past`,
  audit: `(at, actor, action, outcome)
    select now() - interval '400 days' - past, 'system', 'x', 'success'`,
  email_codes: `(id, purpose, browser, subject, email, email_key, code, expires_at)
    select gen_random_uuid(), 'sign-in', '', '', '', '', '',
      now() - interval '1 day' - past`,
  email_links: `(id, purpose, tenant_id, account_id, email_key, expires_at)
    select gen_random_uuid()::text, 'recovery', gen_random_uuid(), gen_random_uuid(), '',
      now() - interval '1 day' - past`,
  handles: `(handle, account_id, state, held_by, held_until)
    select gen_random_uuid()::text, gen_random_uuid(), 'held', gen_random_uuid()::text,
      now() - interval '1 hour' - past`,
  handoff_tickets: `(id, tenant_id, account_id, client_id, redirect_uri, issued_by, expires_at)
    select gen_random_uuid()::text, (select id from tenants limit 1), gen_random_uuid(), '', '', '',
      now() - past`,
  idempotency_keys: `(id, request, expires_at)
    select gen_random_uuid()::text, '', now() - past`,
  invitations: `(id, tenant_id, token, uses, uses_left, created_by, expires_at)
    select gen_random_uuid(), (select id from tenants limit 1), gen_random_uuid()::text, 1, 1,
      'operator', now() - interval '30 days' - past`,
  known_browsers: `(browser, account_id, last_seen_at)
    select 'browser', gen_random_uuid(), now() - interval '180 days' - past`,
  lost_factors: `(account_id, token, due_at, expires_at)
    select gen_random_uuid(), gen_random_uuid()::text, now() - past, now() - past`,
  mails: `(id, recipient, template, created_at)
    select gen_random_uuid(), '', 'x', now() - interval '30 days' - past`,
  oidc_artifacts: `(id, model, payload, expires_at)
    select gen_random_uuid()::text, 'Session', '{}',
      now() - interval '1 minute' - past`,
  rate_limits: `(key, count, resets_at)
    select gen_random_uuid()::text, 1, now() - past`,
  received_events: `(client_id, event_id, received_at)
    select 'platform', gen_random_uuid()::text, now() - interval '30 days' - past`,
  reconcile_runs: `(id, dry_run, requested_by, started_at)
    select gen_random_uuid(), false, 'operator', now() - interval '90 days' - past`,
  remembered_browsers: `(browser, account_id, expires_at)
    select 'browser', gen_random_uuid(), now() - past`,
  room_links: `(room, room_id, code, requested_by, expires_at)
    select gen_random_uuid(), '!room:matrix.example', '', 'platform', now() - past`,
  session_origins: `(session_uid, account_id, created_at)
    select gen_random_uuid()::text, gen_random_uuid(),
      now() - interval '1 day' - past`,
  sign_ins: `(id, browser, client_id, expires_at)
    select gen_random_uuid()::text, '', '', now() - past`,
  sign_up_requests: `(id, tenant_id, subject, way, expires_at)
    select gen_random_uuid(), (select id from tenants limit 1), gen_random_uuid()::text, 'email',
      now() - past`,
  tenant_removals: `(tenant_id, hour, removed)
    select (select id from tenants limit 1), now() - interval '2 days' - past
      - generate_series * interval '1 microsecond', 1`,
  totp_credentials: `(id, account_id, tenant_id, secret_sealed, created_at)
    select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '',
      now() - interval '15 minutes' - past`,
  upstream_requests: `(id, browser, connection, purpose, sealed, expires_at)
    select gen_random_uuid()::text, '', 'google', 'sign-in', '', now() - past`,
  upstream_sessions: `(connection, issuer, subject, session_uid, account_id, created_at)
    select 'acme', '', '', gen_random_uuid()::text, gen_random_uuid(),
      now() - interval '1 day' - past`,
  webauthn_challenges: `(purpose, browser, subject, challenge, expires_at)
    select 'sign-in', '', gen_random_uuid()::text, '', now() - past`,
};

/** More than one batch of any upkeep that works in batches; mails go 5000 a round. */
const many = 5000;

let place: TestDatabase;
let database: Database;

beforeAll(async () => {
  place = await testDatabase();
  database = await openDatabase({ url: place.url, poolSize: 3 });
  await database.query(
    "insert into tenants (id, slug, name) values (gen_random_uuid(), 'acme', 'Acme')",
  );
});
afterAll(async () => {
  await database.close();
  await place.drop();
});

const insert = (table: string, past: string, count: number) =>
  database.query(
    `insert into ${table} ${growing[table]}
      from (select $1::interval as past) given, generate_series(1, $2::int)`,
    [past, count],
  );

test('every table is either kept for a reason or rid of what is of no more use', async () => {
  const tables = await database.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' order by tablename`,
  );
  const known = [...kept, ...Object.keys(growing)].sort();
  assert.deepEqual(
    tables.map(({ name }) => name),
    known,
  );
});

test('one round of the upkeeps removes it all, and nothing else', async () => {
  const ring = new KeyRing([randomBytes(32)]);
  const fingerprints = new Fingerprints(randomBytes(32));
  const round = async () => {
    for (const upkeep of Object.values(createUpkeeps({ ring, fingerprints })))
      await upkeep(database);
  };
  // The first one makes signing keys, and audit rows of that.
  await round();
  const before = await sizes();
  for (const table of Object.keys(growing)) {
    await insert(table, '5 seconds', many);
    await insert(table, '-10 minutes', 2);
  }
  await round();
  const after = await sizes();
  for (const table of Object.keys(growing)) {
    assert.equal((after[table] ?? 0) - (before[table] ?? 0), 2, table);
  }
});

async function sizes(): Promise<Record<string, number>> {
  const counted = Object.keys(growing).map(async (table): Promise<[string, number]> => {
    const [row] = await database.query<{ rows: number }>(
      `select count(*)::int as rows from ${table}`,
    );
    return [table, row?.rows ?? 0];
  });
  return Object.fromEntries(await Promise.all(counted));
}
