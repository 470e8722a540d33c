import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The lists of rooms by which administrators look at them: each page is a look into an index. */
export class RoomsByTime1797700000000 implements MigrationInterface {
  readonly name = 'RoomsByTime1797700000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index entities_by_time on entities (created_at, id)');
    await runner.query(
      'create index entities_of_tenant_by_time on entities (tenant_id, created_at, id)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index entities_by_time');
    await runner.query('drop index entities_of_tenant_by_time');
  }
}
