import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A picture that is on its way to a Matrix user: whoever dies between setting it and noting so must
 * not take it for the person's own later.
 */
export class Avatars1795600000050 implements MigrationInterface {
  readonly name = 'Avatars1795600000050';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table matrix_users add column avatar_pending text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table matrix_users drop column avatar_pending');
  }
}
