import { forEachConcurrently } from './for-each-concurrently.ts';
import { openHomeserver } from './homeserver.ts';
import type { Problem } from './import/lines.ts';
import { Journal } from './journal.ts';
import { Progress } from './progress.ts';
import { type Condition, conditionOf } from './room-condition.ts';
import { type SelectedRoom, type SourceOptions, selectRooms } from './room-source.ts';
import type { Target } from './target.ts';

export type ValidateOptions = SourceOptions & { journal?: string; concurrency: number };

export type ValidatedRoom = {
  roomId: string;
  tenant?: string;
  entityType?: string;
  entitySlug?: string;
  version?: string;
  replacement?: string;
};

export type ValidationReport = {
  rooms: number;
  /** How many of them are of which room version. */
  versions: Record<string, number>;
  problems: Problem[];
} & Record<Condition, ValidatedRoom[]>;

/** Asks Synapse about every room, a few at a time. Changes nothing. */
export async function validateRooms(
  target: Target,
  options: ValidateOptions,
): Promise<ValidationReport> {
  const report: ValidationReport = {
    ...{ rooms: 0, versions: {}, problems: [] },
    ...{ valid: [], missing: [], deserted: [], replaced: [] },
  };
  const sought = selectRooms(target, options, (problem) => report.problems.push(problem));
  const { synapse } = await openHomeserver(target);
  const journal = await Journal.open(options.journal);
  const progress = new Progress('rooms', target);
  await forEachConcurrently(sought, options.concurrency, async ({ roomId, known }) => {
    let found = journal.known(roomId);
    if (!found) {
      found = { roomId, ...(await conditionOf(synapse, roomId)) };
      await journal.add(found);
    }
    const { condition, version, replacement } = found;
    report.rooms += 1;
    report[condition].push({ roomId, ...ownerOf(known), version, replacement });
    if (version) report.versions[version] = (report.versions[version] ?? 0) + 1;
    progress.at(report.rooms);
  });
  progress.end();
  return report;
}

function ownerOf(known: SelectedRoom['known']) {
  if (!known) return {};
  const { tenant, entityType, entitySlug } = known;
  return { tenant, entityType, entitySlug };
}
