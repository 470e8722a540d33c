import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What became of a browser session at an application that wants to hear of its end, such as the
 * Matrix devices at a homeserver. Outlives the session, which may run out long before they do.
 */
export class ClientSessions1797000000009 implements MigrationInterface {
  readonly name = 'ClientSessions1797000000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table client_sessions (
        client_id text not null references clients on delete cascade,
        sid text not null,
        account_id uuid not null,
        session_uid text not null,
        signed_in_at timestamptz not null default now(),
        primary key (client_id, sid)
      );
      create index on client_sessions (account_id);
      create index on client_sessions (session_uid);
      insert into client_sessions (client_id, sid, account_id, session_uid, signed_in_at)
        select c.id, z.value->>'sid', s.account_id, s.uid, s.created_at
        from oidc_artifacts s, jsonb_each(coalesce(s.payload->'authorizations', '{}')) z
        join clients c on c.id = z.key
        where s.model = 'Session' and s.account_id is not null
          and c.backchannel_logout_uri is not null and z.value->>'sid' is not null
        on conflict do nothing;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table client_sessions');
  }
}
