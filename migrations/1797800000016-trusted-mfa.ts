import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether the operator believes a provider that says it has asked for more than one factor. */
export class TrustedMfa1797800000016 implements MigrationInterface {
  readonly name = 'TrustedMfa1797800000016';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table connections add column mfa_trusted boolean not null default false',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table connections drop column mfa_trusted');
  }
}
