import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A sign-in of which the first step is done: whose, and what was proved. */
export class SecondStep1797400000012 implements MigrationInterface {
  readonly name = 'SecondStep1797400000012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table sign_ins
      add column pending_account_id uuid,
      add column pending jsonb`);
    await runner.query(`create index sign_ins_pending_account on sign_ins (pending_account_id)
      where pending_account_id is not null`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table sign_ins drop column pending_account_id, drop column pending');
  }
}
