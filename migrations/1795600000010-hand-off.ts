import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where a hand-off to a client may end. */
export class HandOff1795600000010 implements MigrationInterface {
  readonly name = 'HandOff1795600000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      "alter table clients add column handoff_targets text[] not null default '{}'",
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table clients drop column handoff_targets');
  }
}
