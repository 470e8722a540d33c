import type { Reconciled } from '../entities/follow-reconcile.ts';
import type { FoundRoom, ListedRoom } from '../entities/found-rooms.store.ts';
import { fields, type Report, table } from './report.ts';

export function listed(rooms: ListedRoom[]): Report {
  const rows = rooms.map((room) => [
    room.tenant,
    room.type,
    room.slug,
    room.roomId,
    room.members,
    statusOf(room),
  ]);
  const headings = ['tenant', 'type', 'slug', 'room', 'members', 'status'];
  return { data: rooms, text: table(headings, rows, 'No rooms.') };
}

function statusOf({ state, synced, error, removalsHeld }: ListedRoom): string {
  if (error) return `failed: ${error}`;
  if (removalsHeld) return `${removalsHeld} removals to confirm`;
  const words = state === 'active' ? [] : [state];
  return [...words, synced ? 'in order' : 'waiting'].join(', ');
}

export function shown(room: FoundRoom): Report {
  const text = fields({
    id: room.id,
    tenant: room.tenant,
    entity: `${room.type} ${room.slug}`,
    name: room.name,
    topic: room.topic,
    state: room.state,
    origin: room.origin,
    room: room.roomId,
    'former room': room.formerRoomId,
    alias: room.alias,
    encrypted: room.encrypted,
    'across tenants': room.crossTenant,
    strangers: room.strangers,
    members: room.members,
    'made by': room.createdBy,
    status: statusOf(room),
    'in order since': room.syncedAt,
    'failed at': room.errorAt,
    'compared at': room.checkedAt,
    'to be taken out': room.heldUsers,
    created: room.createdAt,
  });
  return { data: room, text };
}

/** What a run found, and what became of it. */
export function reconciled({ run, rooms }: Reconciled): Report {
  const lines = rooms.flatMap(({ tenant, type, slug, drift, synced, error }) => [
    `${tenant}: ${type} ${slug}${outcome(run.dryRun, synced, error)}`,
    ...drift.actions.map((action) => `  ${action}`),
    ...drift.obstacles.map((obstacle) => `  ! ${obstacle}`),
    ...(drift.held > 0 ? [`  ! ${drift.held} people wait to be taken out: confirm it`] : []),
    ...(drift.problem ? [`  ! ${drift.problem}`] : []),
  ]);
  return { data: { ...run, rooms }, text: [...lines, summary({ run, rooms })].join('\n') };
}

function outcome(dryRun: boolean, synced: boolean, error: string | null): string {
  if (dryRun) return '';
  if (error) return ` failed: ${error}`;
  return synced ? ' mended' : '';
}

function summary({ run }: Reconciled): string {
  const { id, state, checked, total, drifted, mended, failed, dryRun } = run;
  const compared = `${checked} of ${total} rooms compared, ${drifted} differed`;
  if (state === 'running') return `${compared} so far. The run is ${id}.`;
  return dryRun
    ? `${compared}. Nothing was changed: this was a dry run.`
    : `${compared}, ${mended} mended, ${failed} failed.`;
}
