import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Accounts whose owner says that all second factors are lost, and since when that waits for a no. */
export class LostFactors1797600000015 implements MigrationInterface {
  readonly name = 'LostFactors1797600000015';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table lost_factors (
        account_id uuid primary key,
        -- A fingerprint of what the mails hold, by which it is called off.
        token text not null unique,
        due_at timestamptz not null,
        expires_at timestamptz not null
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table lost_factors');
  }
}
