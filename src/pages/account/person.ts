import type { Context } from 'koa';
import type { Account } from '../../accounts/account.ts';
import { accountById } from '../../accounts/accounts.store.ts';
import type { Database } from '../../database/database.ts';
import type { CookieNames } from '../../http/cookies.ts';
import type { CurrentProvider } from '../../oidc/current-provider.ts';
import { currentSessionId } from '../../oidc/parked-sessions.ts';
import type { Subjects } from '../../oidc/subjects.ts';
import type { Tenant } from '../../tenants/tenant.entity.ts';
import { tenantById } from '../../tenants/tenants.store.ts';

/** Who this browser is signed in as. */
export type Person = {
  account: Account & { handle: string };
  tenant: Tenant;
  session: {
    uid: string;
    /** When the person last proved who they are, in seconds since the epoch. */
    loginTs: number;
    /** What that came to: see `LoginFacts`. */
    acr: string | undefined;
  };
};

/** What it takes to know who is signed in. */
export type PersonParts = {
  cookies: CookieNames;
  current: CurrentProvider;
  database: Database;
  subjects: Subjects;
};

/**
 * The person behind the provider's session cookie. Nobody where the session has ended, where account
 * or tenant are not active, or where the sign-up stopped before a handle was chosen.
 */
export async function personOf(ctx: Context, parts: PersonParts): Promise<Person | undefined> {
  const id = currentSessionId(ctx, parts);
  const session = id ? await parts.current.provider.Session.find(id) : undefined;
  if (!session?.accountId || !session.loginTs) return undefined;
  const subject = await parts.subjects.find(session.accountId);
  if (!subject?.handle) return undefined;
  const [account, tenant] = await Promise.all([
    accountById(parts.database, subject.id),
    tenantById(parts.database, subject.tenantId),
  ]);
  if (!account || !tenant) return undefined;
  return {
    account: { ...account, handle: subject.handle },
    tenant,
    session: { uid: session.uid, loginTs: session.loginTs, acr: session.acr },
  };
}
