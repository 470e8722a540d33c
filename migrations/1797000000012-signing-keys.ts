import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a key signed is known as ours after the key has left the JWKS, by its public half: the private
 * one is destroyed then. Nothing is believed that a compromised key signed.
 */
export class SigningKeys1797000000012 implements MigrationInterface {
  readonly name = 'SigningKeys1797000000012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table signing_keys
      alter column sealed drop not null,
      add column compromised_at timestamptz`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('delete from signing_keys where sealed is null');
    await runner.query(`alter table signing_keys
      alter column sealed set not null,
      drop column compromised_at`);
  }
}
