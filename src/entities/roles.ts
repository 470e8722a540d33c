import type { RoomType } from './room.ts';

/** Somebody with this role is kept out by Matrix's own ban; a power level of -1 would not do. */
export const banned = 'banned';

/** Power levels by role. The first role of a type is that of its creator. */
export const rolesOf: Readonly<Record<RoomType, Readonly<Record<string, number>>>> = {
  event: { creator: 75, organizer: 50, attendee: 0 },
  group: { owner: 75, admin: 50, member: 0 },
  workspace: { owner: 50, member: 0 },
  organization: { owner: 75, admin: 50, member: 0 },
  space: { member: 0 },
};

/** Power levels of those who have a role (`accounts.roles`) beyond a single entity. */
export const administrators = { 'tenant.admin': 75, 'platform.admin': 100 } as const;

/** More than this only a client that serves all tenants may give. */
export const highestOfTenantClients = 75;

export function isRole(type: RoomType, role: string): boolean {
  return role === banned || Object.hasOwn(rolesOf[type], role);
}

/** 0 for a role that is not known. */
export function levelOf(type: RoomType, role: string): number {
  return rolesOf[type][role] ?? 0;
}

/** The role of whoever made an entity. */
export function creatorRole(type: RoomType): string {
  return Object.keys(rolesOf[type])[0] as string;
}
