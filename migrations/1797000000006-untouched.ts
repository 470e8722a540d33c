import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What strangers have had kept and nobody has acted on carries the HMAC of the network that it came
 * from, so that the oldest can make room. The rows of before expire within the hour.
 */
export class Untouched1797000000006 implements MigrationInterface {
  readonly name = 'Untouched1797000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table oidc_artifacts add column untouched_by text');
    await runner.query(
      `create index oidc_artifacts_untouched_by on oidc_artifacts (untouched_by, created_at desc)
        where untouched_by is not null`,
    );
    await runner.query(
      `create index oidc_artifacts_untouched on oidc_artifacts (created_at desc)
        where untouched_by is not null`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table oidc_artifacts drop column untouched_by');
  }
}
