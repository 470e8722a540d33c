import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Seals over the rows of the audit, each over the seal before it. What a row says that may be erased
 * one day is sealed by a commitment, whose salt goes with it.
 */
export class AuditSeals1797000000010 implements MigrationInterface {
  readonly name = 'AuditSeals1797000000010';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table audit_sealed');
    await runner.query('drop table audit_seals');
  }
}

const statements = [
  `create table audit_seals (
    number bigint primary key,
    sealed_at timestamptz not null default now(),
    since timestamptz not null,
    rows int not null,
    digest text not null,
    seal text not null)`,
  `create table audit_sealed (
    audit_id bigint primary key,
    seal_number bigint not null references audit_seals on delete cascade,
    address_salt text,
    address_commitment text not null,
    detail_salt text,
    detail_commitment text not null)`,
  'create index audit_sealed_number on audit_sealed (seal_number)',
];
