import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How strong each sign-in to a client has to be, whatever its requests ask for. */
export class ClientAcr1797600000014 implements MigrationInterface {
  readonly name = 'ClientAcr1797600000014';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table clients add column acr text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table clients drop column acr');
  }
}
