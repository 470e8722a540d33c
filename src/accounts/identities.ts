import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import type { UpstreamIdentity } from '../federation/connector.ts';
import {
  deleteIdentity,
  type Identity,
  identitiesOf,
  insertIdentity,
} from '../federation/identities.store.ts';
import { labelOf, profileOf } from '../federation/identity.ts';
import { lockAccount } from './accounts.store.ts';
import { identitiesChanged, type Outside } from './lifecycle.ts';

/** A way to sign in that the account's tenant offers, and what people call it. */
type Way = { id: string; name: string };

/** A change by the person; the session in which it is done stays. */
type Order = { accountId: string; keep?: { sessionUid: string } };

/** @returns false where it signs in to an account of the tenant already, whichever that is */
export function keepIdentity(
  tx: Transaction,
  account: { accountId: string; tenantId: string },
  identity: UpstreamIdentity,
): Promise<boolean> {
  const { connection, issuer, subject } = identity;
  const { accountId, tenantId } = account;
  return insertIdentity(tx, {
    ...{ tenantId, accountId, connection, issuer, subject },
    label: labelOf(identity),
    profile: profileOf(identity),
  });
}

/**
 * From now on it signs in to the account. All that was begun before ends, and the person is told.
 *
 * @param order `provider` is what people call the way, `clientId` the application in which it was done
 * @returns false, and nothing happens, where it signs in to an account of the tenant already
 * @throws AppError `account_not_found` (404)
 */
export async function linkIdentity(
  tx: Transaction,
  order: Order & {
    tenantId: string;
    identity: UpstreamIdentity;
    provider: string;
    clientId?: string;
  },
  outside: Outside,
): Promise<boolean> {
  const { accountId, tenantId, identity, provider, clientId, keep } = order;
  if (!(await keepIdentity(tx, order, identity))) return false;
  await identitiesChanged(tx, { accountId, change: 'added', provider, keep }, outside);
  await record(tx, {
    ...{ action: 'identity.linked', actor: accountId, target: accountId, tenantId, clientId },
    detail: { connection: identity.connection },
  });
  return true;
}

/**
 * It signs in to the account no longer. Two at once wait for each other at the account's row: the second
 * sees what the first left.
 *
 * @returns false, and nothing happens, where it is not the account's or its last way in
 * @throws AppError `account_not_found` (404)
 */
export async function unlinkIdentity(
  tx: Transaction,
  { accountId, id, offered, keep }: Order & { id: string; offered: readonly Way[] },
  outside: Outside,
): Promise<boolean> {
  const account = await lockAccount(tx, accountId);
  const identities = await identitiesOf(tx, accountId);
  const identity = identities.find((candidate) => candidate.id === id);
  if (!identity || !hasOtherWay(account, identities, offered, id)) return false;
  await deleteIdentity(tx, { id, accountId });
  const { connection } = identity;
  const provider = offered.find((way) => way.id === connection)?.name ?? connection;
  await identitiesChanged(tx, { accountId, change: 'removed', provider, keep }, outside);
  const { tenantId } = account;
  await record(tx, {
    ...{ action: 'identity.unlinked', actor: accountId, target: accountId, tenantId },
    detail: { connection },
  });
  return true;
}

/** Somebody who can no longer sign in has lost the account: so one way that works must remain. */
export function hasOtherWay(
  account: { emailKey: string | null; hasPassword: boolean },
  identities: readonly Identity[],
  offered: readonly Way[],
  without: string,
): boolean {
  const usable = identities.some(
    ({ id, connection }) => id !== without && offered.some((way) => way.id === connection),
  );
  return usable || account.emailKey !== null || account.hasPassword;
}
