import type { MigrationInterface, QueryRunner } from 'typeorm';

/** From when on a tenant wants two steps of everybody, and by whom an app is being set up. */
export class TwoStepsRequired1797400000013 implements MigrationInterface {
  readonly name = 'TwoStepsRequired1797400000013';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table tenants add column mfa_required_from timestamptz');
    // A session or a sign-in: nobody else sees the secret, or makes it count.
    await runner.query('alter table totp_credentials add column begun_by text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table totp_credentials drop column begun_by');
    await runner.query('alter table tenants drop column mfa_required_from');
  }
}
