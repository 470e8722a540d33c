import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What platforms say should be on Matrix, and what is known of how far it is true. */
export class Rooms1795500000000 implements MigrationInterface {
  readonly name = 'Rooms1795500000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Restore a backup instead: going back would forget every room.');
  }
}

const statements = [
  // One row for each entity that a platform told of. `awaited`: its members are known already, the
  // entity itself is not. `stamps` holds, for each field, the order of the word that set it.
  `create table rooms (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    entity_type text not null
      check (entity_type in ('event', 'group', 'workspace', 'organization', 'space')),
    entity_slug text not null,
    state text not null default 'awaited'
      check (state in ('awaited', 'active', 'cancelled', 'deleted')),
    name text,
    topic text,
    avatar_url text,
    creator_slug text,
    encrypted boolean not null default false,
    cross_tenant boolean not null default false,
    purge boolean not null default false,
    stamps jsonb not null default '{}',
    members_since timestamptz not null default '-infinity',
    origin text not null default 'made' check (origin in ('made', 'linked', 'imported')),
    strangers text check (strangers in ('keep', 'remove')),
    metadata jsonb not null default '{}',
    room_id text,
    former_room_id text,
    alias text,
    wanted_version bigint not null default 1,
    synced_version bigint not null default 0,
    synced_at timestamptz,
    error text,
    error_at timestamptz,
    held_removals jsonb,
    confirmed_removals text,
    checked_at timestamptz,
    drift jsonb,
    avatar_mxc text,
    avatar_source text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now())`,
  'create unique index rooms_entity on rooms (tenant_id, entity_type, entity_slug)',
  'create unique index rooms_room_id on rooms (room_id) where room_id is not null',
  'create unique index rooms_alias on rooms (alias) where alias is not null',
  // Who belongs to an entity, by what the platform calls them: their account may not exist yet.
  // `member` is the platform's slug, or "account:" and an account's or guest's id. A role of null
  // is somebody who left: the row stays so that an older word cannot bring them back.
  `create table memberships (
    room uuid not null references rooms on delete cascade,
    member_tenant_id uuid not null references tenants,
    member text not null,
    account_id uuid,
    role text,
    power_level integer check (power_level between 0 and 100),
    sequence bigint,
    occurred_at timestamptz not null,
    event_id text not null,
    awaiting_confirmation boolean not null default false,
    primary key (room, member_tenant_id, member))`,
  'create index memberships_member on memberships (member_tenant_id, member)',
  'create index memberships_account on memberships (account_id) where account_id is not null',
  // Answers to writes that carried an Idempotency-Key; the id is a fingerprint.
  `create table idempotency_keys (
    id text primary key,
    request text not null,
    status integer,
    answer jsonb,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null)`,
  'create index idempotency_keys_expiry on idempotency_keys (expires_at)',
  `create table received_events (
    client_id text not null,
    event_id text not null,
    received_at timestamptz not null default now(),
    primary key (client_id, event_id))`,
  'create index received_events_age on received_events (received_at)',
  `create table appservice_transactions (
    id text primary key,
    received_at timestamptz not null default now())`,
  'create index appservice_transactions_age on appservice_transactions (received_at)',
  // A link to an existing room, waiting for an administrator of that room to confirm it there.
  `create table room_links (
    room uuid primary key,
    room_id text not null,
    code text not null,
    requested_by text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null)`,
  'create index room_links_expiry on room_links (expires_at)',
  // How many people were taken out of a tenant's rooms in one hour, against mass removals.
  `create table tenant_removals (
    tenant_id uuid not null references tenants,
    hour timestamptz not null,
    removed integer not null,
    primary key (tenant_id, hour))`,
  `create table reconcile_runs (
    id uuid primary key,
    tenant_id uuid references tenants,
    dry_run boolean not null,
    state text not null default 'running' check (state in ('running', 'done', 'stopped')),
    reached uuid,
    total integer not null default 0,
    checked integer not null default 0,
    drifted integer not null default 0,
    mended integer not null default 0,
    failed integer not null default 0,
    requested_by text not null,
    started_at timestamptz not null default now(),
    ended_at timestamptz)`,
  'create index reconcile_runs_started on reconcile_runs (started_at)',
];
