import type { Stamp } from './order.ts';
import { banned, creatorRole, isRole, rolesOf } from './roles.ts';
import { type EntityType, entityTypes } from './room.ts';
import type { EntityFields, EntityStatement, MemberStatement } from './statements.ts';

/** What a platform reports. */
export type PlatformEvent = {
  type: string;
  stamp: Stamp;
  entityType?: string;
  entitySlug?: string;
  userSlug?: string;
  /** Null for a role that was taken away. */
  newRole?: string | null;
  creatorSlug?: string;
  name?: string | null;
  topic?: string | null;
  avatarUrl?: string | null;
};

/** An event, as what it says of an entity, of one of its members, or of a role over many rooms. */
export type EventStatement =
  | { about: 'entity'; entityType: EntityType; statement: EntityStatement; creator?: Said }
  | { about: 'member'; entityType: EntityType; member: Said }
  | {
      about: 'administrator';
      over: 'tenant' | 'platform';
      userSlug: string;
      statement: MemberStatement;
    };

type Said = { userSlug: string; statement: MemberStatement };

/** Why an event cannot be understood. */
export type UnreadableEvent = {
  code: 'event_type_unknown' | 'entity_type_conflict' | 'field_missing' | 'role_unknown';
  message: string;
};

const kinds = /^(\w+)\.(created|updated|cancelled|deleted|(attendee|member)\.(added|removed))$/;

/** People who take part in an event are its attendees; all other entities have members. */
const memberNoun = (type: EntityType) => (type === 'event' ? 'attendee' : 'member');

export const eventTypes: readonly string[] = [
  'user.role.changed',
  ...entityTypes.flatMap((type) =>
    [
      ...['created', 'updated', 'cancelled', 'deleted'],
      ...['added', 'removed'].map((verb) => `${memberNoun(type)}.${verb}`),
    ].map((verb) => `${type}.${verb}`),
  ),
];

export function readEvent(event: PlatformEvent): EventStatement | UnreadableEvent {
  if (!eventTypes.includes(event.type)) {
    return { code: 'event_type_unknown', message: `There are no events of type ${event.type}.` };
  }
  if (event.type === 'user.role.changed') return readRoleChange(event);
  const [, type, verb, , change] = kinds.exec(event.type) as unknown as [
    string,
    EntityType,
    string,
    string?,
    string?,
  ];
  if (event.entityType !== undefined && event.entityType !== type) {
    return {
      code: 'entity_type_conflict',
      message: `An event of type ${event.type} is about no ${event.entityType}.`,
    };
  }
  if (event.entitySlug === undefined) return missing('entitySlug');
  if (!change) return readEntity(event, type, verb);
  const role = change === 'added' ? (event.newRole ?? lowestRole(type)) : null;
  return readMember(event, type, role);
}

function readRoleChange(event: PlatformEvent): EventStatement | UnreadableEvent {
  const { entityType, userSlug, newRole, stamp } = event;
  if (newRole === undefined) return missing('newRole');
  if (entityType === 'tenant' || entityType === 'platform') {
    if (userSlug === undefined) return missing('userSlug');
    if (newRole !== null && newRole !== 'admin' && newRole !== 'member')
      return unknownRole(newRole);
    const role = newRole === 'admin' ? newRole : null;
    return { about: 'administrator', over: entityType, userSlug, statement: { role, stamp } };
  }
  const type = entityTypes.find((it) => it === entityType);
  if (!type) return missing('entityType');
  if (event.entitySlug === undefined) return missing('entitySlug');
  return readMember(event, type, newRole);
}

function readMember(
  { userSlug, stamp }: PlatformEvent,
  entityType: EntityType,
  role: string | null,
): EventStatement | UnreadableEvent {
  if (userSlug === undefined) return missing('userSlug');
  if (role !== null && !isRole(entityType, role)) return unknownRole(role);
  return { about: 'member', entityType, member: { userSlug, statement: { role, stamp } } };
}

function readEntity(event: PlatformEvent, entityType: EntityType, verb: string): EventStatement {
  const { stamp, name, topic, avatarUrl, creatorSlug } = event;
  const told: Partial<EntityFields> = { name, topic, avatarUrl };
  if (verb === 'updated')
    return { about: 'entity', entityType, statement: { stamp, fields: told } };
  if (verb !== 'created') {
    const state = verb as 'cancelled' | 'deleted';
    return { about: 'entity', entityType, statement: { stamp, fields: told, state } };
  }
  const fields = { ...told, creatorSlug, purge: false };
  return {
    ...{ about: 'entity', entityType, statement: { stamp, fields, state: 'active' } },
    creator: creatorSlug === undefined ? undefined : asCreator(entityType, creatorSlug, stamp),
  };
}

/** Whoever makes an entity belongs to it and leads it. */
export function asCreator(type: EntityType, userSlug: string, stamp: Stamp): Said {
  return { userSlug, statement: { role: creatorRole(type), stamp } };
}

function lowestRole(type: EntityType): string {
  return Object.keys(rolesOf[type]).at(-1) as string;
}

function missing(field: string): UnreadableEvent {
  return { code: 'field_missing', message: `This event needs ${field}.` };
}

function unknownRole(role: string): UnreadableEvent {
  const message = `${role} is no role there; there is also ${banned}.`;
  return { code: 'role_unknown', message };
}
