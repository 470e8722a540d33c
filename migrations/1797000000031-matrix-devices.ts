import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The Matrix devices that an account was seen to have, to notice that one was removed. */
export class MatrixDevices1797000000031 implements MigrationInterface {
  readonly name = 'MatrixDevices1797000000031';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table matrix_devices (
        account_id uuid primary key,
        -- When each was first seen, in seconds since the epoch, by its id.
        devices jsonb not null default '{}',
        looks integer not null default 0,
        removed_at timestamptz
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table matrix_devices');
  }
}
