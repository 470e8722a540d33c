import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the lists of administrators are sorted and searched by, so that each page is a look into an index. */
export class AdministrationLists1797100000000 implements MigrationInterface {
  readonly name = 'AdministrationLists1797100000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const [name, on] of indexes) await runner.query(`create index ${name} on ${on}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [name] of indexes) await runner.query(`drop index ${name}`);
  }
}

const indexes = [
  ['accounts_by_time', 'accounts (created_at, id)'],
  ['accounts_of_tenant_by_time', 'accounts (tenant_id, created_at, id)'],
  ['accounts_by_name', 'accounts (lower(name), id)'],
  ['accounts_of_tenant_by_name', 'accounts (tenant_id, lower(name), id)'],
  ['accounts_name_begins', 'accounts (lower(name) text_pattern_ops)'],
  ['handles_begins', "handles (lower(handle) text_pattern_ops) where state = 'active'"],
  ['audit_action', 'audit (action, at)'],
] as const;
