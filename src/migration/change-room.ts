import type { AuditAction } from '../audit/actions.ts';
import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { lockSnapshotsById, type RoomSnapshot } from '../entities/snapshots.store.ts';
import type { Recording } from './recording.ts';
import type { Target } from './target.ts';

/**
 * Changes the row of an entity, with its rollback line and audit row.
 *
 * @param work is given the row as it is; what it answers false to is left alone
 * @returns whether anything was changed
 */
export function changeRoom(
  { database }: Pick<Target, 'database'>,
  { id, action }: { id: string; action: AuditAction },
  recording: Recording,
  work: (tx: Transaction, room: RoomSnapshot) => Promise<boolean>,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const [before] = await lockSnapshotsById(tx, [id]);
    if (!before || !(await work(tx, before))) return false;
    const [after] = await lockSnapshotsById(tx, [id]);
    await record(tx, { action, actor: 'operator', tenantId: before.tenantId, target: id });
    await recording.append([{ kind: 'room', key: [id], before, after: after ?? null }]);
    return true;
  });
}
