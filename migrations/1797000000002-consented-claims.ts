import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What was asked for claim by claim used to be granted without having been shown: applications of
 * others ask for it once more. Their tokens tell no more than the scopes until then.
 */
export class ConsentedClaims1797000000002 implements MigrationInterface {
  readonly name = 'ConsentedClaims1797000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `update oidc_artifacts set payload = payload #- '{openid,claims}'
        where model = 'Grant' and payload #> '{openid,claims}' is not null
          and client_id in (select id from clients where not first_party)`,
    );
  }

  async down(): Promise<void> {}
}
