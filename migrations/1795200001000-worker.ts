import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the worker needs to be replaced when it dies, and to know which Matrix users it made. */
export class Worker1795200001000 implements MigrationInterface {
  readonly name = 'Worker1795200001000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table worker_heartbeats (
      id text primary key,
      seen_at timestamptz not null default now())`);
    await runner.query(`alter table matrix_users
      add column absent_at timestamptz,
      add column made_at timestamptz`);
  }

  async down(): Promise<void> {
    throw new Error('Restore a backup instead: going back would forget which users are ours.');
  }
}
