import { z } from 'zod';
import type { Transaction } from '../../database/database.ts';
import { DesiredState } from '../../entities/desired-state.ts';
import { isRole } from '../../entities/roles.ts';
import { entityTypes } from '../../entities/room.ts';
import { dateOrDateTime, printable, userSlug } from './fields.ts';
import type { ImportContext, ImportKind, Line, Verdict } from './kind.ts';
import { Observation } from './observed.ts';
import { stampOf } from './stamp.ts';

const memberLine = z
  .object({
    entityType: z.enum(entityTypes),
    entitySlug: printable,
    userSlug,
    role: printable,
    occurredAt: dateOrDateTime.optional(),
  })
  .refine(({ entityType, role }) => isRole(entityType, role), {
    message: 'is no role there',
    path: ['role'],
  });
type MemberLine = z.infer<typeof memberLine>;

export const members: ImportKind<MemberLine> = {
  columns: {
    ...{ type: 'entityType', entitytype: 'entityType', entityslug: 'entitySlug' },
    ...{ userslug: 'userSlug', role: 'role', occurredat: 'occurredAt' },
  },
  schema: memberLine,
  subject: ({ entityType, entitySlug, userSlug: member }) =>
    JSON.stringify([entityType, entitySlug, member]),
  work: importMembers,
};

/** The same statements as the API's; members of entities that nobody has told of wait for them. */
async function importMembers(
  tx: Transaction,
  lines: readonly Line<MemberLine>[],
  context: ImportContext,
) {
  const { tenantId, config } = context;
  const entities = lines.map(({ value: { entityType, entitySlug } }) => ({
    tenantId,
    entityType,
    entitySlug,
  }));
  const observation = await Observation.begin(tx, tenantId, entities);
  const desiredState = await DesiredState.open(tx, {
    entities,
    awaiting: true,
    rooms: config.matrix.rooms,
    serverName: config.matrix.serverName,
  });
  const keys = lines.map(({ value }) => ({
    room: desiredState.entity({ tenantId, ...value })?.id ?? '',
    memberTenantId: tenantId,
    member: value.userSlug,
  }));
  await observation.watch(keys);
  await desiredState.readMembers(keys);
  const verdicts = lines.map(({ value }, at): Verdict => {
    const key = keys[at] as (typeof keys)[number];
    const { role } = value;
    if (desiredState.member(key)?.role === role) return 'present';
    return desiredState.applyToMember(key, { role, stamp: stampOf(value, context) })
      ? 'changed'
      : 'overruled';
  });
  await desiredState.save();
  return { verdicts, changes: await observation.changes() };
}
