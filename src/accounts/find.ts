import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { accountOf } from '../handles/handles.store.ts';
import { requireTenant } from '../tenants/find.ts';
import { trimUnseen } from '../text/unseen.ts';
import { isUuid } from '../text/uuid.ts';
import { parseEmail } from './email-address.ts';
import * as store from './found.store.ts';
import type { FoundAccount } from './found.ts';

/**
 * The account that somebody means by its id, its handle (as `@ada`, `ada` or a whole Matrix ID) or its
 * email address.
 *
 * @param tenant tells accounts of one address apart, by slug, domain or id
 * @throws AppError `account_not_found`, `tenant_not_found` (404), `account_ambiguous` (409)
 */
export async function requireAccount(
  db: Queryable,
  typed: string,
  { tenant, serverName }: { tenant?: string; serverName: string },
): Promise<FoundAccount> {
  const name = trimUnseen(typed);
  const tenantId = tenant ? (await requireTenant(db, tenant)).id : null;
  const email = name.indexOf('@') > 0 ? parseEmail(name) : undefined;
  const found = email
    ? await store.findByEmail(db, email.key, tenantId)
    : await byIdOrHandle(db, name, serverName);
  const [account, another] = found.filter((it) => !tenantId || it.tenantId === tenantId);
  if (!account) {
    throw new AppError('account_not_found', {
      message: `There is no account ${name}. See: openmeet-id accounts list`,
    });
  }
  if (!another) return account;
  const tenants = found.map((it) => it.tenant);
  throw new AppError('account_ambiguous', {
    message: `${name} has accounts at ${tenants.join(', ')}: say which by --tenant.`,
    details: { tenants },
  });
}

/** The newest first. @throws AppError `tenant_not_found` (404) */
export async function searchAccounts(
  db: Queryable,
  { tenant, search, limit }: { tenant?: string; search?: string; limit: number },
): Promise<FoundAccount[]> {
  const tenantId = tenant ? (await requireTenant(db, tenant)).id : null;
  return store.searchAccounts(db, { tenantId, text: search ?? null, limit });
}

async function byIdOrHandle(
  db: Queryable,
  name: string,
  serverName: string,
): Promise<FoundAccount[]> {
  const matrixId = name.startsWith('@') && name.endsWith(`:${serverName}`);
  const handle = name.replace(/^@/, '').slice(0, matrixId ? -serverName.length - 1 : undefined);
  const id = isUuid(name) ? name : await accountOf(db, handle);
  const account = id && (await store.findAccount(db, id));
  return account ? [account] : [];
}
