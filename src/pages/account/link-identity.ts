import type { Context } from 'koa';
import { linkIdentity } from '../../accounts/identities.ts';
import { KnownBrowsers } from '../../accounts/known-browsers.ts';
import { AppError } from '../../errors.ts';
import type { UpstreamIdentity } from '../../federation/connector.ts';
import { findIdentities } from '../../federation/identities.store.ts';
import type { RedeemedRequest } from '../../federation/requests.ts';
import type { Needs } from '../needs.ts';
import { problemUrl } from '../sign-in/upstream-problem.ts';
import { personOf } from './person.ts';
import { waysPath } from './ways.ts';

/** What it takes to know who is signed in, and to connect. */
export type Linking = Needs<
  'connectors' | 'cookies' | 'current' | 'database' | 'fingerprints' | 'outside' | 'subjects'
>;

/**
 * Connects what a signed-in person brought back to the account that they left from. A tab in which
 * somebody else has signed in meanwhile connects nothing.
 *
 * @returns the path to go on at
 * @throws AppError `sign_in_expired` (400) where the browser is not signed in to that account
 */
export async function linkFromAccount(
  ctx: Context,
  parts: Linking,
  request: RedeemedRequest,
  identity: UpstreamIdentity,
): Promise<string> {
  const person = await personOf(ctx, parts);
  if (!person || person.account.id !== request.accountId) throw new AppError('sign_in_expired');
  const { account, tenant, session } = person;
  const { connection } = identity;
  const provider = (await parts.connectors.find(tenant, connection))?.name ?? connection;
  const added = await parts.database.transaction(async (tx) => {
    const keep = { sessionUid: session.uid };
    const order = { accountId: account.id, tenantId: tenant.id, identity, provider, keep };
    if (!(await linkIdentity(tx, order, parts.outside))) return false;
    const browsers = new KnownBrowsers(parts.fingerprints);
    await browsers.rememberBrowser(tx, request.browser, account.id);
    return true;
  });
  if (added) return '/account?notice=identity_added';
  const [holder] = await findIdentities(parts.database, identity, tenant.id);
  if (holder?.accountId === account.id) return waysPath;
  return problemUrl(waysPath, connection, new AppError('identity_elsewhere'));
}
