import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The last time that somebody called themselves a client and could not prove it, for the doctor. */
export class ClientRefusals1797000000026 implements MigrationInterface {
  readonly name = 'ClientRefusals1797000000026';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create table client_refusals (
        client_id text primary key references clients on delete cascade,
        refused_at timestamptz not null,
        reason text not null,
        address text
      )`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table client_refusals');
  }
}
