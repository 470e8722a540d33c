import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a client must do although others need not: RFC 9126 §6 and RFC 9449 §5.2. */
export class ClientRequirements1797000000034 implements MigrationInterface {
  readonly name = 'ClientRequirements1797000000034';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table clients
      add column require_pushed_authorization_requests boolean not null default false,
      add column dpop_bound_access_tokens boolean not null default false`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table clients
      drop column require_pushed_authorization_requests,
      drop column dpop_bound_access_tokens`);
  }
}
