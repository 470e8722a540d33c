import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { columnsOf } from '../../src/database/columns.ts';
import type { Database } from '../../src/database/database.ts';
import { entities } from '../../src/database/entities.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { testDatabase } from '../support/postgres.ts';

describe('the entities', () => {
  let database: Database;
  let drop: () => Promise<void>;
  beforeAll(async () => {
    const place = await testDatabase();
    drop = place.drop;
    database = await openDatabase({ url: place.url, poolSize: 2 });
    await migrate(database);
  });
  afterAll(async () => {
    await database?.close();
    await drop?.();
  });

  for (const entity of entities) {
    const { name, tableName = '', columns } = entity.options;

    test(`${name} has columns of its table, with their types, and says which may be null`, async () => {
      const rows = await database.query<{ name: string; type: string; nullable: boolean }>(
        `select column_name as name, is_nullable = 'YES' as nullable,
            case udt_name when '_text' then 'text[]' when 'int4' then 'integer'
              when 'bool' then 'boolean' else udt_name end as type
          from information_schema.columns where table_name = $1`,
        [tableName],
      );
      const wanted = Object.entries(columns).map(([property, column]) => ({
        name: column?.name ?? property,
        nullable: column?.nullable ?? false,
        type: `${column?.type}${column?.array ? '[]' : ''}`,
      }));
      assert.ok(wanted.length > 5);
      for (const column of wanted) {
        assert.deepEqual(
          rows.find((row) => row.name === column.name),
          { ...column },
        );
      }
    });

    test(`${name} can be read by its list of columns`, async () => {
      const list = columnsOf(entity, 'e');
      await database.query(`select ${list} from ${tableName} e`);
      assert.match(list, /e\.created_at as "createdAt"|e\.id as "id"/);
    });
  }
});
