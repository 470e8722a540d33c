import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The whole first schema. Ids of one-time and bearer things are HMACs: see src/secrets. */
export class Foundation1795200000000 implements MigrationInterface {
  readonly name = 'Foundation1795200000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...tenants, ...people, ...oidc, ...signIn, ...operation]) {
      await runner.query(statement);
    }
  }

  async down(): Promise<void> {
    throw new Error('Restore a backup instead: going back would delete every account.');
  }
}

const tenants = [
  `create table data_keys (
    purpose text primary key,
    sealed text not null,
    created_at timestamptz not null default now())`,
  `create table tenants (
    id uuid primary key,
    slug text not null unique,
    name text not null,
    status text not null default 'active' check (status in ('active', 'suspended')),
    sign_up text not null default 'open' check (sign_up in ('open', 'closed', 'domains')),
    sign_up_domains text[] not null default '{}',
    offered boolean not null default false,
    is_default boolean not null default false,
    branding jsonb not null default '{}',
    terms jsonb,
    languages text[] not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now())`,
  'create unique index tenants_default on tenants (is_default) where is_default',
  `create table tenant_domains (
    domain text primary key,
    tenant_id uuid not null references tenants,
    is_primary boolean not null default false)`,
  'create unique index tenant_domains_primary on tenant_domains (tenant_id) where is_primary',
  `create table tenant_email_domains (
    domain text primary key,
    tenant_id uuid not null references tenants)`,
];

const people = [
  `create table accounts (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    status text not null default 'active' check (status in ('active', 'disabled', 'deleted')),
    name text not null,
    email text,
    email_key text,
    email_verified boolean not null default false,
    picture text,
    locale text,
    password_hash text,
    matrix_access text not null default 'active' check (matrix_access in ('active', 'revoked')),
    platform_user_id text,
    platform_slug text,
    roles text[] not null default '{}',
    groups text[] not null default '{}',
    last_sign_in_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now())`,
  `create unique index accounts_email on accounts (tenant_id, email_key)
    where email_key is not null`,
  'create index accounts_email_key on accounts (email_key)',
  `create unique index accounts_platform_user on accounts (tenant_id, platform_user_id)
    where platform_user_id is not null`,
  `create unique index accounts_platform_slug on accounts (tenant_id, platform_slug)
    where platform_slug is not null`,
  `create table handles (
    handle text primary key,
    account_id uuid,
    tenant_id uuid references tenants,
    state text not null check (state in ('held', 'active', 'tombstoned')),
    held_by text,
    held_until timestamptz,
    imported boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now())`,
  'create unique index handles_lower on handles (lower(handle))',
  "create unique index handles_account on handles (account_id) where state = 'active'",
  "create unique index handles_held_by on handles (held_by) where state = 'held'",
  `create table matrix_users (
    handle text primary key,
    account_id uuid not null,
    state text not null check (state in ('begun', 'ready', 'conflict', 'deactivated')),
    error text,
    absent_at timestamptz,
    made_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now())`,
  'create index matrix_users_account on matrix_users (account_id)',
  `create table terms_acceptances (
    account_id uuid not null references accounts,
    version text not null,
    accepted_at timestamptz not null default now(),
    primary key (account_id, version))`,
];

const oidc = [
  `create table clients (
    id text primary key,
    name text not null,
    secret_hash text,
    token_endpoint_auth_method text not null,
    redirect_uris text[] not null default '{}',
    post_logout_redirect_uris text[] not null default '{}',
    grant_types text[] not null default '{authorization_code}',
    scopes text[] not null default '{}',
    jwks jsonb,
    first_party boolean not null default false,
    pkce_required boolean not null default true,
    id_token_signed_response_alg text not null default 'RS256',
    backchannel_logout_uri text,
    idp_id text unique,
    client_uri text,
    logo_uri text,
    all_tenants boolean not null default false,
    disabled_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now())`,
  `create table client_tenants (
    client_id text not null references clients on delete cascade,
    tenant_id uuid not null references tenants,
    primary key (client_id, tenant_id))`,
  `create table signing_keys (
    kid text primary key,
    alg text not null,
    sealed text not null,
    public_jwk jsonb not null,
    signs_from timestamptz not null,
    retires_at timestamptz,
    created_at timestamptz not null default now())`,
  `create table oidc_artifacts (
    id text primary key,
    model text not null,
    payload jsonb not null,
    tenant_id uuid,
    account_id uuid,
    client_id text,
    grant_id text,
    session_uid text,
    uid text,
    user_code text,
    consumed_at timestamptz,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null) with (fillfactor = 80)`,
  'create index oidc_artifacts_grant on oidc_artifacts (grant_id) where grant_id is not null',
  'create unique index oidc_artifacts_uid on oidc_artifacts (uid) where uid is not null',
  `create unique index oidc_artifacts_user_code on oidc_artifacts (user_code)
    where user_code is not null`,
  'create index oidc_artifacts_account on oidc_artifacts (account_id) where account_id is not null',
  'create index oidc_artifacts_expiry on oidc_artifacts (expires_at)',
  `create table session_origins (
    session_uid text primary key,
    account_id uuid not null,
    user_agent text,
    address text,
    created_at timestamptz not null default now())`,
  'create index session_origins_account on session_origins (account_id)',
];

const signIn = [
  `create table sign_ins (
    id text primary key,
    browser text not null,
    client_id text not null,
    tenant_id uuid references tenants,
    tenant_fixed boolean not null default false,
    intent text not null default 'sign-in'
      check (intent in ('sign-in', 'sign-up', 'recovery')),
    email text,
    email_key text,
    proved_at timestamptz,
    account_id uuid,
    remember boolean not null default false,
    locale text,
    terms_version text,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null)`,
  'create index sign_ins_expiry on sign_ins (expires_at)',
  'create index sign_ins_account on sign_ins (account_id) where account_id is not null',
  'create index sign_ins_email on sign_ins (email_key) where email_key is not null',
  `create table email_codes (
    id uuid primary key,
    purpose text not null,
    tenant_id uuid,
    browser text not null,
    subject text not null,
    email text not null,
    email_key text not null,
    account_id uuid,
    code text not null,
    tries integer not null default 0,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    consumed_at timestamptz)`,
  'create index email_codes_subject on email_codes (subject, purpose)',
  'create index email_codes_account on email_codes (account_id) where account_id is not null',
  'create index email_codes_expiry on email_codes (expires_at)',
  `create table email_links (
    id text primary key,
    purpose text not null,
    tenant_id uuid not null,
    account_id uuid not null,
    email_key text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    consumed_at timestamptz)`,
  'create index email_links_account on email_links (account_id)',
  'create index email_links_expiry on email_links (expires_at)',
  `create table known_browsers (
    browser text not null,
    account_id uuid not null,
    last_seen_at timestamptz not null default now(),
    primary key (browser, account_id))`,
  'create index known_browsers_account on known_browsers (account_id)',
  `create unlogged table rate_limits (
    key text primary key,
    count integer not null,
    resets_at timestamptz not null)`,
  'create index rate_limits_reset on rate_limits (resets_at)',
];

const operation = [
  `create table library_schemas (
    library text primary key,
    version text not null)`,
  `create table worker_heartbeats (
    id text primary key,
    seen_at timestamptz not null default now())`,
  `create table mails (
    id uuid primary key,
    tenant_id uuid,
    recipient text not null,
    template text not null,
    sealed text,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    given_up_at timestamptz,
    error text)`,
  'create index mails_recipient on mails (recipient, created_at)',
  'create index mails_created on mails (created_at)',
  `create table audit (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    tenant_id uuid,
    actor text not null,
    action text not null,
    target text,
    client_id text,
    address text,
    outcome text not null check (outcome in ('success', 'failure')),
    request_id text,
    detail jsonb not null default '{}')`,
  'create index audit_at on audit (at)',
  'create index audit_addresses on audit (at) where address is not null',
  'create index audit_tenant on audit (tenant_id, at)',
  'create index audit_target on audit (target, at)',
  'create index audit_actor on audit (actor, at)',
  `create function audit_is_append_only() returns trigger language plpgsql as $$
    begin
      if current_setting('openmeet.audit_upkeep', true) = 'on' then
        return coalesce(new, old);
      end if;
      raise exception 'audit rows are never changed';
    end $$`,
  `create trigger audit_append_only before update or delete on audit
    for each row execute function audit_is_append_only()`,
  `create trigger audit_never_truncated before truncate on audit
    for each statement execute function audit_is_append_only()`,
];
