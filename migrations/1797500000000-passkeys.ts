import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Passkeys, and the challenges of those that are being made or used. */
export class Passkeys1797500000000 implements MigrationInterface {
  readonly name = 'Passkeys1797500000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table webauthn_challenges, passkeys');
  }
}

const statements = [
  `create table passkeys (
    id uuid primary key,
    -- As the authenticator named it, in base64url: nobody else's may have the same.
    credential_id text not null unique,
    account_id uuid not null,
    tenant_id uuid not null,
    -- In COSE, as WebAuthn has it.
    public_key bytea not null,
    counter bigint not null,
    -- Bound to one device for good, or such that it can be synced; and whether it is.
    is_bound boolean not null,
    is_synced boolean not null,
    transports text[] not null,
    name text not null,
    created_at timestamptz not null default now(),
    last_used_at timestamptz
  )`,
  'create index passkeys_account on passkeys (account_id)',
  `create table webauthn_challenges (
    -- What for, by whom, and in what: the newest alone counts.
    purpose text not null,
    browser text not null,
    -- The account that is to have a passkey, or the sign-in that one is used in.
    subject text not null,
    -- Null where a sign-in is open to all.
    tenant_id uuid,
    challenge text not null,
    expires_at timestamptz not null,
    primary key (purpose, browser, subject)
  )`,
  'create index webauthn_challenges_expiry on webauthn_challenges (expires_at)',
];
