import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImportReport } from '../../src/migration/import/run.ts';
import type { RollbackReport } from '../../src/migration/rollback.ts';
import type { useTerminal } from './terminal.ts';

type Terminal = ReturnType<typeof useTerminal>;

/** What a test of migrations does again and again. */
export function migrations(terminal: Terminal) {
  return {
    async file(name: string, content: string | Buffer): Promise<string> {
      const path = join(terminal.dataDir, name);
      await writeFile(path, content);
      return path;
    },
    /** Writes a file and imports it. */
    async import(kind: string, content: string | Buffer, ...options: string[]) {
      const text = content.toString().trimStart();
      const name = /^[[{]/.test(text) ? `${kind}.json` : `${kind}.csv`;
      const file = await this.file(name, content);
      const command = ['migration', 'import', file, '--kind', kind, ...options];
      return terminal.json<ImportReport>(...command);
    },
    rollBack: (file: string | undefined, ...options: string[]) =>
      terminal.json<RollbackReport>('migration', 'rollback', `${file}`, ...options),
    /** All rows that an import may touch, but for what counts how often. */
    everything: () =>
      terminal.db.query(
        `select (to_jsonb(e) || to_jsonb(r)) - '{wanted_version,updated_at,created_at}'::text[] as row
          from entities e join matrix_rooms r on r.entity = e.id
          union all select to_jsonb(m) from memberships m
          union all select to_jsonb(h) - '{created_at,updated_at}'::text[] from handles h
          union all select jsonb_build_array(id, platform_user_id, platform_slug) from accounts
          order by row`,
      ),
    /** Lines and why they did nothing. */
    problems: ({ problems }: ImportReport) =>
      problems.map(({ line, reason }): [number, string] => [line, reason]),
  };
}
