import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Signing in with others: who somebody is elsewhere, and what is under way to find out. */
export class Federation1795300000000 implements MigrationInterface {
  readonly name = 'Federation1795300000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Restore a backup instead: going back would forget how people sign in.');
  }
}

const statements = [
  // The ways a tenant offers, in order; null means all that are set up.
  'alter table tenants add column ways text[]',
  `create table connections (
    id text primary key,
    tenant_id uuid not null references tenants,
    name text not null,
    issuer text not null,
    client_id text not null,
    token_endpoint_auth_method text not null,
    secret_sealed text,
    scopes text[] not null default '{openid,profile,email}',
    claims jsonb not null default '{}',
    allowed_groups text[] not null default '{}',
    allowed_email_domains text[] not null default '{}',
    disabled_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now())`,
  'create index connections_tenant on connections (tenant_id)',
  `create table identities (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    account_id uuid not null references accounts,
    connection text not null,
    issuer text not null,
    subject text not null,
    label text,
    profile jsonb not null default '{}',
    created_at timestamptz not null default now(),
    last_used_at timestamptz)`,
  `create unique index identities_subject on identities
    (tenant_id, connection, issuer, subject)`,
  'create index identities_account on identities (account_id)',
  `create table upstream_requests (
    id text primary key,
    browser text not null,
    sign_in_id text,
    tenant_id uuid,
    connection text not null,
    purpose text not null check (purpose in ('sign-in', 'link', 'confirm')),
    account_id uuid,
    sealed text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    consumed_at timestamptz)`,
  'create index upstream_requests_expiry on upstream_requests (expires_at)',
  `create table upstream_sessions (
    connection text not null,
    issuer text not null,
    subject text not null,
    sid text,
    session_uid text not null,
    account_id uuid not null,
    created_at timestamptz not null default now(),
    primary key (connection, session_uid))`,
  'create index upstream_sessions_sid on upstream_sessions (connection, issuer, sid)',
  `create table atproto_state (
    kind text not null check (kind in ('request', 'session')),
    key text not null,
    sealed text not null,
    expires_at timestamptz,
    updated_at timestamptz not null default now(),
    primary key (kind, key))`,
  'create index atproto_state_expiry on atproto_state (expires_at)',
  // What a sign-in learned upstream, until the account is made.
  'alter table sign_ins add column upstream_sealed text',
];
