import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who gave a role, and who took access to Matrix away: what an operator decided is not a platform's to
 * undo. And when somebody last stopped being an administrator, whoever changed it in whatever way.
 */
export class RoleGivers1797000000003 implements MigrationInterface {
  readonly name = 'RoleGivers1797000000003';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop trigger accounts_administrator_ended on accounts');
    await runner.query('drop function administrator_ended');
    await runner.query(
      `alter table accounts drop column platform_roles, drop column administrator_ended_at,
        drop column matrix_revoked_by_operator`,
    );
  }
}

const statements = [
  // Those of `roles` that a platform gave; the others are the operator's.
  `alter table accounts add column platform_roles text[] not null default '{}',
    add column administrator_ended_at timestamptz,
    add column matrix_revoked_by_operator boolean not null default false`,
  `update accounts set platform_roles = given.roles
    from (select a.id, array_agg(w.over || '.admin') as roles
      from accounts a join administrator_words w on w.tenant_id = a.tenant_id and w.held
        and w.member in (a.platform_slug, 'account:' || a.id)
      where (w.over || '.admin') = any (a.roles) group by a.id) given
    where accounts.id = given.id`,
  // Until now nobody noted who it was: the safe answer.
  `update accounts set matrix_revoked_by_operator = true where matrix_access = 'revoked'
    and not exists (select from audit where action = 'account.matrix_revoked'
      and target = accounts.id::text and actor <> 'operator')`,
  `create function administrator_ended() returns trigger language plpgsql as $$
    declare
      administrators constant text[] := '{tenant.admin,platform.admin}';
      role text;
    begin
      foreach role in array administrators loop
        if role = any (old.roles) and not role = any (new.roles) then
          new.administrator_ended_at := now();
        end if;
      end loop;
      return new;
    end $$`,
  `create trigger accounts_administrator_ended before update of roles on accounts
    for each row execute function administrator_ended()`,
];
