import { lockPlatformNames } from '../accounts/guests.store.ts';
import { saveAdministratorStatement, setPlatformRole } from '../accounts/roles.store.ts';
import { record } from '../audit/events.ts';
import type { Client } from '../clients/clients.store.ts';
import type { Transaction } from '../database/database.ts';
import type { Changed } from '../entities/backend.ts';
import {
  accountIn,
  type Change,
  DesiredState,
  type DesiredStateSettings,
} from '../entities/desired-state.ts';
import { receive } from '../entities/received.store.ts';
import { applyReports, entityOfReport, type Report } from '../entities/reports.ts';
import type { administrators } from '../entities/roles.ts';
import { accountIdBy } from './accounts.store.ts';
import type { Judged } from './event-judge.ts';

export type Outcome = {
  outcome: 'applied' | 'stale' | 'duplicate';
  /** The row of the room that it is about. */
  room?: string;
};

type Administration = Judged & {
  reading: Extract<Judged['reading'], { about: 'administrator' }>;
};

/**
 * Takes events in, in one transaction that locks in one order whatever the batch holds: events,
 * tenants' names, accounts, rooms, jobs. So two batches about the same things take turns.
 *
 * @returns an outcome for each, in their order, and the rooms that are wanted anew
 */
export async function takeEvents(
  tx: Transaction,
  { client, ...settings }: DesiredStateSettings & { client: Client },
  events: readonly Judged[],
): Promise<{ outcomes: Outcome[]; changes: Change[] }> {
  const fresh = await receive(tx, client.id, [...new Set(events.map(nameOf))]);
  const isFresh = events.map((event) => fresh.delete(nameOf(event)));
  const outcomes = isFresh.map((it): Outcome => ({ outcome: it ? 'stale' : 'duplicate' }));
  const settle = (event: Judged, isNews: boolean, room?: string) => {
    outcomes[events.indexOf(event)] = { outcome: isNews ? 'applied' : 'stale', room };
  };
  const news = events.filter((_, place) => isFresh[place]);
  const administrations = news.filter((it) => it.reading.about === 'administrator');
  const sync = await takeAdministrations(tx, client, administrations as Administration[], settle);
  const reports = news.filter((it) => it.reading.about !== 'administrator') as (Judged & Report)[];
  const entities = [...new Map(reports.map(entityOfReport).map((it) => [JSON.stringify(it), it]))];
  const desiredState = await DesiredState.open(tx, {
    ...settings,
    entities: entities.map(([, entity]) => entity),
    awaiting: true,
  });
  const told = await applyReports(desiredState, reports);
  for (const [place, { isNews, room }] of told.entries()) {
    settle(reports[place] as Judged, isNews, room);
  }
  desiredState.alsoSync(sync);
  const changes = await desiredState.save();
  await recordIntake(tx, client, outcomes);
  return { outcomes, changes };
}

/** Platforms count their events per tenant, and so might use an id twice. */
function nameOf({ tenantId, id }: Judged): string {
  return `${tenantId}:${id}`;
}

async function takeAdministrations(
  tx: Transaction,
  client: Client,
  events: readonly Administration[],
  settle: (event: Judged, isNews: boolean) => void,
): Promise<Changed> {
  const sorted = events.toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  for (const tenantId of new Set(sorted.map((it) => it.tenantId))) {
    await lockPlatformNames(tx, tenantId);
  }
  const tenantIds: string[] = [];
  let everywhere = false;
  for (const event of sorted) {
    const { over, userSlug, statement } = event.reading;
    const held = statement.role !== null;
    const said = { tenantId: event.tenantId, userSlug, over, held, stamp: statement.stamp };
    const isNews = await saveAdministratorStatement(tx, said);
    settle(event, isNews);
    if (!isNews || !(await changeRole(tx, client, said))) continue;
    if (over === 'tenant') tenantIds.push(event.tenantId);
    else everywhere = true;
  }
  return { tenantIds, everywhere };
}

type Said = { tenantId: string; userSlug: string; over: 'tenant' | 'platform'; held: boolean };

/** @returns whether there is such an account, and it had or had not the role until now */
async function changeRole(
  tx: Transaction,
  { id: clientId }: Client,
  { tenantId, userSlug, over, held }: Said,
): Promise<boolean> {
  const accountId =
    accountIn(userSlug) ?? (await accountIdBy(tx, tenantId, 'platformSlug', userSlug));
  const role: keyof typeof administrators = `${over}.admin`;
  if (!accountId || !(await setPlatformRole(tx, { accountId, role, held }))) return false;
  const action = held ? 'account.role_given' : 'account.role_taken';
  const by = { actor: clientId, clientId, tenantId };
  await record(tx, { action, ...by, target: accountId, detail: { role } });
  return true;
}

async function recordIntake(
  tx: Transaction,
  { id: clientId }: Client,
  outcomes: readonly Outcome[],
): Promise<void> {
  const applied = outcomes.filter(({ outcome }) => outcome === 'applied').length;
  if (applied === 0) return;
  const detail = { applied, events: outcomes.length };
  await record(tx, { action: 'rooms.events_taken', actor: clientId, clientId, detail });
}

function keyOf({ tenantId, reading }: Administration): string {
  return JSON.stringify([tenantId, reading.userSlug, reading.over]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
