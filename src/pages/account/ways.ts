import { z } from 'zod';
import type { Errors } from '../../../views/registry.ts';
import { hasOtherWay, unlinkIdentity } from '../../accounts/identities.ts';
import { KnownBrowsers } from '../../accounts/known-browsers.ts';
import { AppError } from '../../errors.ts';
import type { Connector } from '../../federation/connector.ts';
import { identitiesOf } from '../../federation/identities.store.ts';
import { newSecrets } from '../../federation/requests.ts';
import { readForm, validate } from '../../http/forms.ts';
import { allowFormsTo } from '../../http/security-headers.ts';
import { callbackUri, limitDepartures } from '../sign-in/upstream.ts';
import { isProblem, isProblemCode, recordFailure } from '../sign-in/upstream-problem.ts';
import { mergePath } from './merge/pages.ts';
import type { Visit } from './visit.ts';

const form = z.object({
  remove: z.string().max(100).optional(),
  connect: z.string().max(100).optional(),
  input: z.string().max(320).optional(),
});

export const waysPath = '/account/ways';

/** All that signs in to the account, and what could. */
export async function showWays(visit: Visit<'connectors'>, errors?: Errors): Promise<void> {
  const { account, parts, tenant } = visit;
  const [identities, offered] = await Promise.all([
    identitiesOf(parts.database, account.id),
    parts.connectors.offered(tenant),
  ]);
  const nameOf = (id: string) => offered.find((connector) => connector.id === id)?.name ?? id;
  visit.show('account-ways', {
    action: waysPath,
    backUrl: '/account',
    mergeUrl: mergePath,
    errors: errors ?? problemIn(visit, offered),
    identities: identities.map((identity) => ({
      id: identity.id,
      way: identity.connection,
      name: nameOf(identity.connection),
      label: identity.label ?? '',
      since: identity.createdAt,
      removable: hasOtherWay(account, identities, offered, identity.id),
    })),
    ways: offered
      .filter(({ id }) => !identities.some((identity) => identity.connection === id))
      .map(({ id, name }) => ({ id, name, asks: id === 'bluesky' })),
  });
  // The form ends at the provider that is connected.
  allowFormsTo(visit.ctx, undefined);
}

export async function submitWays(
  visit: Visit<
    | 'clients'
    | 'connectors'
    | 'current'
    | 'log'
    | 'outside'
    | 'publicUrl'
    | 'rateLimits'
    | 'tenancy'
    | 'upstreamRequests'
  >,
): Promise<void> {
  const { remove, connect, input } = validate(form, await readForm(visit.ctx));
  if (remove !== undefined) return removeIdentity(visit, remove);
  if (connect !== undefined) return beginLink(visit, connect, input);
  return visit.redirect(waysPath);
}

async function removeIdentity(visit: Visit<'connectors' | 'outside'>, id: string): Promise<void> {
  const { account, parts, tenant, session, browser } = visit;
  const offered = await parts.connectors.offered(tenant);
  const order = { accountId: account.id, id, offered, keep: { sessionUid: session.uid } };
  const removed = await parts.database.transaction(async (tx) => {
    if (!(await unlinkIdentity(tx, order, parts.outside))) return false;
    await new KnownBrowsers(parts.fingerprints).rememberBrowser(tx, browser, account.id);
    return true;
  });
  if (!removed) return showWays(visit, { form: { code: 'last_way' } });
  return visit.done('identity_removed');
}

async function beginLink(
  visit: Visit<
    | 'clients'
    | 'connectors'
    | 'current'
    | 'log'
    | 'publicUrl'
    | 'rateLimits'
    | 'tenancy'
    | 'upstreamRequests'
  >,
  connection: string,
  input?: string,
): Promise<void> {
  const { account, parts, tenant, browser } = visit;
  const connector = await parts.connectors.find(tenant, connection);
  if (!connector) throw new AppError('not_found');
  await limitDepartures(parts, visit.ctx, browser);
  const secrets = newSecrets();
  try {
    const url = await connector.begin({
      ...secrets,
      redirectUri: callbackUri({ parts }, connector.id),
      uiLocales: visit.locale,
      prompt: 'select_account',
      input,
    });
    await parts.upstreamRequests.keep(
      parts.database,
      {
        ...{ browser, signInId: null, tenantId: tenant.id, accountId: account.id },
        ...{ connection: connector.id, purpose: 'link', returnTo: waysPath },
      },
      secrets,
    );
    visit.redirect(url.href);
  } catch (error) {
    if (!isProblem(error)) throw error;
    const about = { connection: connector.id, tenantId: tenant.id };
    await recordFailure(parts, about, error);
    const field = error.code.startsWith('bluesky_handle') ? 'input' : 'form';
    return showWays(visit, { [field]: { code: error.code, params: { provider: connector.name } } });
  }
}

/** What the way back from a provider says went wrong. */
function problemIn({ ctx }: Visit, offered: readonly Connector[]): Errors {
  const { problem, way } = ctx.query;
  const connector = offered.find(({ id }) => id === way);
  if (typeof problem !== 'string' || !connector) return {};
  const known = problem === 'identity_elsewhere' || isProblemCode(problem);
  return known ? { form: { code: problem, params: { provider: connector.name } } } : {};
}
