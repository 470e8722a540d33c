import { z } from 'zod';
import { record } from '../../audit/events.ts';
import type { Transaction } from '../../database/database.ts';
import { importHandles } from '../../handles/import.ts';
import { handleRows } from '../handle-rows.store.ts';
import { printable } from './fields.ts';
import type { ImportContext, ImportKind, Line, Verdict } from './kind.ts';

const handleLine = z.object({
  handle: printable,
  accountId: z.string().toLowerCase().optional(),
});
type HandleLine = z.infer<typeof handleLine>;

export const handles: ImportKind<HandleLine> = {
  columns: { handle: 'handle', accountid: 'accountId' },
  schema: handleLine,
  subject: ({ handle }) => handle.toLowerCase(),
  work: importLines,
};

/** What `handles import` does, so that it can be undone. */
async function importLines(
  tx: Transaction,
  lines: readonly Line<HandleLine>[],
  { tenantId, config }: ImportContext,
) {
  const { serverName } = config.matrix;
  const suffix = `:${serverName}`;
  const localparts = lines.map(({ value: { handle } }) =>
    handle.endsWith(suffix) ? handle.slice(1, -suffix.length) : handle,
  );
  const before = new Set((await handleRows(tx, localparts)).map(({ handle }) => handle));
  const report = await importHandles(
    { transaction: (work) => work(tx) },
    lines.map(({ line, value }) => ({ line, ...value })),
    { serverName, dryRun: false },
  );
  const added = (await handleRows(tx, localparts)).filter(({ handle }) => !before.has(handle));
  if (added.length > 0) {
    const detail = { source: 'migration', handles: added.length };
    await record(tx, { action: 'handles.imported', actor: 'operator', tenantId, detail });
  }
  const reasons = new Map(report.conflicts.map(({ line, reason }) => [line, reason]));
  const isNew = new Set(added.map(({ handle }) => handle));
  const verdicts = lines.map(({ line }, at): Verdict => {
    const reason = reasons.get(line);
    if (reason) return { reason };
    return isNew.has(localparts[at] ?? '') ? 'changed' : 'present';
  });
  const changes = added.map(({ handle, ...after }) => ({
    kind: 'handle' as const,
    key: [handle],
    before: null,
    after,
  }));
  return { verdicts, changes };
}
