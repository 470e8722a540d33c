import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The newest word of a platform on who administers a tenant, or everything: the person's account may
 * not exist yet, and an older word that arrives later must not count.
 */
export class Administrators1795600000030 implements MigrationInterface {
  readonly name = 'Administrators1795600000030';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table administrator_words (
      tenant_id uuid not null references tenants,
      member text not null,
      over text not null check (over in ('tenant', 'platform')),
      held boolean not null,
      sequence bigint,
      occurred_at timestamptz not null,
      event_id text not null,
      primary key (tenant_id, member, over))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table administrator_words');
  }
}
