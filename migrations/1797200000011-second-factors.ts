import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an account can prove besides its way in: codes from an app, and codes kept for a bad day. */
export class SecondFactors1797200000011 implements MigrationInterface {
  readonly name = 'SecondFactors1797200000011';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table remembered_browsers, recovery_codes, totp_credentials');
  }
}

const statements = [
  `create table totp_credentials (
    id uuid primary key,
    account_id uuid not null,
    tenant_id uuid not null,
    secret_sealed text not null,
    created_at timestamptz not null default now(),
    -- Of no use for signing in before: its owner has not shown a code yet.
    confirmed_at timestamptz,
    -- The newest period of 30 seconds whose code was accepted: neither it nor one before counts again.
    last_step bigint not null default 0,
    last_used_at timestamptz
  )`,
  // One in use, and one being set up.
  `create unique index totp_credentials_account
    on totp_credentials (account_id, (confirmed_at is not null))`,
  `create table recovery_codes (
    -- A fingerprint. Whoever uses a code takes it away.
    code text primary key,
    account_id uuid not null,
    created_at timestamptz not null default now()
  )`,
  'create index recovery_codes_account on recovery_codes (account_id)',
  `create table remembered_browsers (
    -- A fingerprint, as of \`known_browsers\`.
    browser text not null,
    account_id uuid not null,
    expires_at timestamptz not null,
    primary key (browser, account_id)
  )`,
  'create index remembered_browsers_account on remembered_browsers (account_id)',
];
