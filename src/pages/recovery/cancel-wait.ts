import type { Context } from 'koa';
import { z } from 'zod';
import { accountById } from '../../accounts/accounts.store.ts';
import type { Database } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import { endWait, waitingAccount } from '../../factors/lost-factors.ts';
import { readForm, validate } from '../../http/forms.ts';
import type { Fingerprints } from '../../secrets/fingerprints.ts';
import type { Pages } from '../../tenants/pages.ts';
import type { Tenant } from '../../tenants/tenant.entity.ts';
import { tenantById } from '../../tenants/tenants.store.ts';
import { cancelWaitPath } from '../sign-in/lost-factors.ts';

type Parts = { database: Database; fingerprints: Fingerprints; pages: Pages };

const form = z.object({ token: z.string().max(200).default('') });

/** Asks first, as mail scanners open links too. */
export async function showCancelWait(ctx: Context, parts: Parts): Promise<void> {
  const token = String(ctx.query.token ?? '').slice(0, 200);
  const { tenant } = await waiting(parts, token);
  const page = { action: cancelWaitPath, hidden: { token }, accountUrl: '/account' };
  parts.pages.show(ctx, 'cancel-wait', page, { tenant });
}

export async function submitCancelWait(ctx: Context, parts: Parts): Promise<void> {
  const { token } = validate(form, await readForm(ctx));
  const { account, tenant } = await waiting(parts, token);
  const order = { accountId: account.id, tenantId: account.tenantId, actor: 'nobody' };
  await parts.database.transaction((tx) => endWait(tx, order));
  const page = { action: cancelWaitPath, hidden: {}, accountUrl: '/account', done: true };
  parts.pages.show(ctx, 'cancel-wait', page, { tenant });
}

/** @throws AppError `link_invalid` (400) where nothing waits that this link is about */
async function waiting({ database, fingerprints }: Parts, token: string) {
  const accountId = await waitingAccount(database, token, fingerprints);
  const account = accountId ? await accountById(database, accountId) : undefined;
  const tenant = account && (await tenantById(database, account.tenantId));
  if (!account || !tenant) throw new AppError('link_invalid');
  return { account, tenant: tenant satisfies Tenant };
}
