import type { MembershipsPage } from '../../views/registry.account.ts';
import { record } from '../audit/events.ts';
import type { Database, Queryable } from '../database/database.ts';
import { type OpenMembership, openMemberships } from '../entities/confirmations.store.ts';
import { decideMemberships } from '../entities/confirmations.ts';
import { levelOf } from '../entities/roles.ts';

type Owner = { id: string; tenantId: string };

/** What waits for the account's owner, as the page says it. */
export async function membershipsToShow(
  db: Queryable,
  accountId: string,
): Promise<MembershipsPage['memberships']> {
  return (await openMemberships(db, accountId)).map(shown);
}

function shown({ room, type, name, role, powerLevel }: OpenMembership) {
  return { room, type, name, role, manages: (powerLevel ?? levelOf(type, role)) > 0 };
}

const field = /^membership-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Does what a form says of each membership; what it leaves open stays so. */
export async function decide(
  database: Database,
  owner: Owner,
  fields: Readonly<Record<string, string>>,
): Promise<void> {
  const said = (word: string) =>
    Object.entries(fields).flatMap(([name, value]) => {
      const room = field.exec(name)?.[1];
      return room && value === word ? [room] : [];
    });
  const choices = { keep: said('keep'), decline: said('decline') };
  if (choices.keep.length + choices.decline.length === 0) return;
  await database.transaction(async (tx) => {
    const { kept, declined } = await decideMemberships(tx, owner.id, choices);
    const by = { actor: owner.id, target: owner.id, tenantId: owner.tenantId };
    for (const room of kept) {
      await record(tx, { action: 'membership.confirmed', ...by, detail: { room } });
    }
    for (const room of declined) {
      await record(tx, { action: 'membership.declined', ...by, detail: { room } });
    }
  });
}
