import type { MigrationInterface, QueryRunner } from 'typeorm';

/** More ways to become a member: invitations, approval, guests; merged accounts; hand-off. */
export class WaysIn1795400000000 implements MigrationInterface {
  readonly name = 'WaysIn1795400000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Restore a backup instead: going back would forget who was let in.');
  }
}

const statements = [
  'alter table tenants add column sign_up_approval boolean not null default false',
  'alter table tenants add column email_required boolean not null default false',
  `create table invitations (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    token text not null unique,
    uses integer not null check (uses > 0),
    uses_left integer not null check (uses_left >= 0),
    email text,
    email_key text,
    handle text,
    created_by text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz)`,
  'create index invitations_tenant on invitations (tenant_id, created_at)',
  'create index invitations_expiry on invitations (expires_at)',
  `create table invitation_uses (
    invitation_id uuid not null references invitations on delete cascade,
    account_id uuid not null,
    used_at timestamptz not null default now(),
    primary key (invitation_id, account_id))`,
  'create index invitation_uses_account on invitation_uses (account_id)',
  'alter table sign_ins add column invitation_id uuid',
  // Whoever asks to join; subject is the fingerprint of what they proved.
  `create table sign_up_requests (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    subject text not null,
    email text,
    name text,
    way text not null,
    locale text,
    state text not null default 'waiting' check (state in ('waiting', 'approved', 'refused')),
    decided_by text,
    decided_at timestamptz,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null)`,
  'create unique index sign_up_requests_subject on sign_up_requests (tenant_id, subject)',
  'create index sign_up_requests_expiry on sign_up_requests (expires_at)',
  // People whom a platform knows by name and address only. Their id may become an account's.
  `create table guests (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    email text not null,
    email_key text not null,
    name text not null,
    platform_user_id text,
    platform_slug text,
    created_by text not null,
    created_at timestamptz not null default now())`,
  'create unique index guests_email on guests (tenant_id, email_key)',
  `create unique index guests_platform_user on guests (tenant_id, platform_user_id)
    where platform_user_id is not null`,
  `create unique index guests_platform_slug on guests (tenant_id, platform_slug)
    where platform_slug is not null`,
  // Two accounts of one person, about to become one; each proof is of this pair in this browser.
  `create table account_merges (
    id text primary key,
    tenant_id uuid not null references tenants,
    account_id uuid not null,
    other_account_id uuid,
    browser text not null,
    proved_at timestamptz,
    other_proved_at timestamptz,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    consumed_at timestamptz)`,
  'create index account_merges_account on account_merges (account_id)',
  'create index account_merges_expiry on account_merges (expires_at)',
  "alter table clients add column handoff_origins text[] not null default '{}'",
  `create table handoff_tickets (
    id text primary key,
    tenant_id uuid not null references tenants,
    account_id uuid not null,
    client_id text not null,
    redirect_uri text not null,
    issued_by text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    consumed_at timestamptz)`,
  'create index handoff_tickets_account on handoff_tickets (account_id)',
  'create index handoff_tickets_expiry on handoff_tickets (expires_at)',
  // What of an upstream picture Matrix has already: the address it came from, and Matrix's own.
  'alter table matrix_users add column avatar_source text',
  'alter table matrix_users add column avatar_mxc text',
];
