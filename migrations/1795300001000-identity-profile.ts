import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an upstream said last, so that what a person changed here can be told from it. */
export class IdentityProfile1795300001000 implements MigrationInterface {
  readonly name = 'IdentityProfile1795300001000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table identities add column profile jsonb not null default '{}'`);
  }

  async down(): Promise<void> {
    throw new Error('Restore a backup instead: going back would forget how people sign in.');
  }
}
