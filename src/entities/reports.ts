import type { DesiredState } from './desired-state.ts';
import type { Entity, EntityKey } from './entities.store.ts';
import type { EventStatement } from './event-statements.ts';
import type { MemberKey } from './memberships.store.ts';

/** What a platform's event says of an entity or a member of it. */
export type Report = {
  tenantId: string;
  entitySlug: string;
  /** Of the person, where the report is about one. */
  userTenantId: string;
  reading: Exclude<EventStatement, { about: 'administrator' }>;
};

/**
 * Tells a desiredState, which holds all their entities, what was reported.
 *
 * @returns for each, in this order, the row of its room and whether it said anything new
 */
export async function applyReports(
  desiredState: DesiredState,
  reports: readonly Report[],
): Promise<{ room: string; isNews: boolean }[]> {
  const told = reports.map((report) => {
    const room = desiredState.entity(entityOfReport(report)) as Entity;
    return { ...report, room, said: saidIn(report, room) };
  });
  await desiredState.readMembers(told.flatMap(({ said }) => said?.key ?? []));
  return told.map(({ reading, room, said }) => {
    const ofEntity = reading.about === 'entity' && desiredState.apply(room, reading.statement);
    const ofMember = said !== undefined && desiredState.applyToMember(said.key, said.statement);
    return { room: room.id, isNews: ofEntity || ofMember };
  });
}

export function entityOfReport({ tenantId, entitySlug, reading }: Report): EntityKey {
  return { tenantId, entityType: reading.entityType, entitySlug };
}

function saidIn({ userTenantId, reading }: Report, room: Entity) {
  const said = reading.about === 'member' ? reading.member : reading.creator;
  if (!said) return undefined;
  const key: MemberKey = { room: room.id, memberTenantId: userTenantId, member: said.userSlug };
  return { key, statement: said.statement };
}
