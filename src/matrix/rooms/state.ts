import { isDeepStrictEqual } from 'node:util';
import type { HistoryVisibility } from '../../entities/room.ts';
import type { Action } from './action.ts';
import type { Actual, Content } from './actual.ts';
import type { Desired } from './desired.ts';

export const metadataType = 'com.openmeet.room.metadata';

export type StateSettings = {
  serverName: string;
  historyVisibility: HistoryVisibility;
};

type StateAction = Extract<Action, { kind: 'state' }>;

/** State events of a room that do not depend on what it has already. */
export function firstState(desired: Desired, settings: StateSettings): StateAction[] {
  return [
    state('m.room.join_rules', { join_rule: 'invite' }),
    state('m.room.guest_access', { guest_access: 'forbidden' }),
    state('m.room.history_visibility', { history_visibility: settings.historyVisibility }),
    state(metadataType, desired.metadata),
    ...(desired.encrypted ? [state('m.room.encryption', encryption)] : []),
    ...(desired.picture.state === 'there'
      ? [state('m.room.avatar', { url: desired.picture.mxc })]
      : []),
    ...spaceState(desired, settings.serverName),
  ];
}

const encryption = { algorithm: 'm.megolm.v1.aes-sha2' };

/** What of a room's state is not as it should be. */
export function planState(desired: Desired, actual: Actual, settings: StateSettings): Action[] {
  const { name, topic, alias, picture } = desired;
  const canonical = actual.state('m.room.canonical_alias') ?? {};
  const text = (type: string, field: string) => actual.state(type)?.[field] ?? '';
  return [
    ...(name !== null && text('m.room.name', 'name') !== name
      ? [state('m.room.name', { name })]
      : []),
    ...(topic !== null && text('m.room.topic', 'topic') !== topic
      ? [state('m.room.topic', { topic })]
      : []),
    ...(picture.state === 'none' && text('m.room.avatar', 'url') !== ''
      ? [state('m.room.avatar', {})]
      : []),
    ...(picture.state === 'elsewhere' ? [{ kind: 'picture' as const, url: picture.url }] : []),
    ...(alias && canonical.alias !== alias ? [aliasAction(alias, canonical)] : []),
    ...firstState(desired, settings).filter((wanted) => !isSo(actual, wanted)),
    ...obsolete(desired, actual),
  ];
}

/** Encryption cannot be changed once it is on, and rooms without a word on guests forbid them. */
function isSo(actual: Actual, { type, stateKey, content }: StateAction): boolean {
  const current = actual.state(type, stateKey);
  if (type === 'm.room.encryption') return current?.algorithm !== undefined;
  if (type === 'm.room.guest_access') return (current?.guest_access ?? 'forbidden') === 'forbidden';
  if (type === 'm.room.join_rules') return current?.join_rule === 'invite';
  return isDeepStrictEqual(current, content);
}

function aliasAction(alias: string, canonical: Content): Action {
  const { alias: former, alt_aliases: alternatives } = canonical;
  const others = [former, ...(Array.isArray(alternatives) ? alternatives : [])];
  return {
    kind: 'alias',
    alias,
    others: others.filter((other) => typeof other === 'string' && other !== alias),
  };
}

function spaceState({ type, spaceRoomId, children }: Desired, serverName: string): StateAction[] {
  const via = { via: [serverName] };
  if (type === 'space') return children.map((child) => state('m.space.child', via, child));
  return spaceRoomId ? [state('m.space.parent', { ...via, canonical: true }, spaceRoomId)] : [];
}

/** Rooms that are not in the space any more, and former spaces of a room. */
function obsolete(desired: Desired, actual: Actual): StateAction[] {
  if (desired.type === 'space') {
    return actual
      .keys('m.space.child')
      .filter((key) => !desired.children.includes(key))
      .map((key) => state('m.space.child', {}, key));
  }
  if (!desired.spaceRoomId) return [];
  return actual
    .keys('m.space.parent')
    .filter((key) => key !== desired.spaceRoomId)
    .filter((key) => actual.state('m.space.parent', key)?.canonical === true)
    .map((key) => state('m.space.parent', {}, key));
}

function state(type: string, content: object, stateKey = ''): StateAction {
  return { kind: 'state', type, stateKey, content };
}
