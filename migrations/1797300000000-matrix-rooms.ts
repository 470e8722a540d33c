import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What should be (`entities`, which statements write) apart from what is on Matrix (`matrix_rooms`, which
 * the worker writes): other backends can follow the same entities, each with a table of its own.
 */
export class MatrixRooms1797300000000 implements MigrationInterface {
  readonly name = 'MatrixRooms1797300000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Restore a backup instead: the version before knows one table of rooms.');
  }
}

const moved = `room_id, former_room_id, alias, origin, strangers, metadata, synced_version, synced_at,
  error, error_at, held_removals, confirmed_removals, checked_at, drift, avatar_mxc, avatar_source`;

const statements = [
  'alter table rooms rename to entities',
  'alter index rooms_entity rename to entities_slug',
  'alter table entities rename constraint rooms_pkey to entities_pkey',
  'alter table entities rename constraint rooms_tenant_id_fkey to entities_tenant_id_fkey',
  'alter table entities rename constraint rooms_entity_type_check to entities_entity_type_check',
  'alter table entities rename constraint rooms_state_check to entities_state_check',
  `create table matrix_rooms (
    entity uuid primary key references entities on delete cascade,
    room_id text,
    former_room_id text,
    alias text,
    origin text not null default 'made' check (origin in ('made', 'linked', 'imported')),
    strangers text check (strangers in ('keep', 'remove')),
    metadata jsonb not null default '{}',
    synced_version bigint not null default 0,
    synced_at timestamptz,
    error text,
    error_at timestamptz,
    held_removals jsonb,
    confirmed_removals text,
    checked_at timestamptz,
    drift jsonb,
    avatar_mxc text,
    avatar_source text,
    updated_at timestamptz not null default now())`,
  `insert into matrix_rooms (entity, ${moved}, updated_at) select id, ${moved}, updated_at from entities`,
  // With them go the old indices of room ids and aliases.
  `alter table entities ${moved.replaceAll(/\w+/g, 'drop column $&')}`,
  'create unique index matrix_rooms_room_id on matrix_rooms (room_id) where room_id is not null',
  'create unique index matrix_rooms_alias on matrix_rooms (alias) where alias is not null',
];
