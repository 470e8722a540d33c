/** What can be changed by a migration, and changed back. */
export type ChangeKind = 'room' | 'membership' | 'platform_identity' | 'handle' | 'room_state';

/**
 * One change of one thing. `before` and `after` are the whole of what a migration may change of it;
 * null where it was not there. `key` names it.
 */
export type Change = {
  kind: ChangeKind;
  key: readonly string[];
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
};

export function inverse({ kind, key, before, after }: Change): Change {
  return { kind, key, before: after, after: before };
}

/** The same for the same thing, and for no other. */
export function identityOf({ kind, key }: Pick<Change, 'kind' | 'key'>): string {
  return JSON.stringify([kind, ...key]);
}
