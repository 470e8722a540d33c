import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from '../database/database.ts';
import { type Change, type ChangeKind, identityOf } from './change.ts';
import { type Key, placeOf, subjects, type Target, type Value } from './subjects.ts';

export type Refusal = {
  kind: ChangeKind;
  key: Key;
  /** `changed_since`: it is neither as the migration left it nor as it was before. */
  reason: 'changed_since' | 'in_use' | 'taken_meanwhile' | 'room_missing';
};

export type Step = { undone: number; present: number; refused: Refusal[] };

/** Values by what they are of; null for what is not there. */
type Values = ReadonlyMap<string, Value | null>;

/** Of all that the changes are about, locked until the transaction ends. */
export async function currentValues(
  tx: Transaction,
  changes: readonly Change[],
): Promise<Map<string, Value | null>> {
  const values = new Map<string, Value | null>();
  for (const kind of ['room', 'membership', 'platform_identity', 'handle'] as const) {
    const keys = changes.filter((change) => change.kind === kind).map(({ key }) => key);
    if (keys.length === 0) continue;
    const found = await subjects[kind].read(tx, keys);
    for (const key of keys) values.set(identityOf({ kind, key }), found.get(placeOf(key)) ?? null);
  }
  return values;
}

/** What is to be set back, the last change first, and what is no longer as it was left. */
export function planUndo(
  changes: readonly Change[],
  found: Values,
): { step: Step; now: Map<string, Value | null> } {
  const now = new Map(found);
  const step: Step = { undone: 0, present: 0, refused: [] };
  for (const change of changes) {
    const place = identityOf(change);
    const current = now.get(place) ?? null;
    if (isDeepStrictEqual(current, change.before)) {
      step.present += 1;
    } else if (isDeepStrictEqual(current, change.after)) {
      now.set(place, change.before);
      step.undone += 1;
    } else {
      step.refused.push(refusalOf(change));
    }
  }
  return { step, now };
}

/** From what was found to what is to be, one change for each thing. */
export function netChanges(changes: readonly Change[], found: Values, now: Values): Change[] {
  const byPlace = new Map(changes.map((change) => [identityOf(change), change]));
  return [...byPlace]
    .filter(([place]) => now.get(place) !== found.get(place))
    .map(([place, { kind, key }]) => ({
      ...{ kind, key },
      before: found.get(place) ?? null,
      after: now.get(place) ?? null,
    }));
}

/**
 * Rooms come before their members, and go after them.
 *
 * @returns what could not be, because something hangs on it
 */
export async function revert(tx: Transaction, changes: readonly Change[]): Promise<Refusal[]> {
  const targets = (kind: ChangeKind): Target[] =>
    changes.filter((it) => it.kind === kind).map(({ key, after }) => ({ key, value: after }));
  const rooms = targets('room');
  const steps = [
    ['room', rooms.filter(({ value }) => value !== null)],
    ['membership', targets('membership')],
    ['platform_identity', targets('platform_identity')],
    ['handle', targets('handle')],
    ['room', rooms.filter(({ value }) => value === null)],
  ] as const;
  const stuck: Refusal[] = [];
  for (const [kind, wanted] of steps) {
    if (wanted.length === 0) continue;
    const left = await subjects[kind].write(tx, wanted);
    stuck.push(...left.map((key) => ({ kind, key, reason: 'in_use' as const })));
  }
  return stuck;
}

export function refusalOf({ kind, key }: Pick<Change, 'kind' | 'key'>): Refusal {
  return { kind, key, reason: 'changed_since' };
}
