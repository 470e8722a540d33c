import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { accountById } from '../../accounts/accounts.store.ts';
import { hashPassword } from '../../accounts/address-salt.ts';
import type { BreachedPasswords } from '../../accounts/breached-passwords.ts';
import { type Outside, recover } from '../../accounts/lifecycle.ts';
import type { EmailLinks, Link } from '../../accounts/links.ts';
import { newPasswordProblem } from '../../accounts/new-password.ts';
import type { PasswordHasher } from '../../accounts/password-hasher.ts';
import type { Database } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import { withoutCookie } from '../../http/cookies.ts';
import { exactRouter } from '../../http/exact-router.ts';
import { readForm, validate } from '../../http/forms.ts';
import { sameOriginForms } from '../../http/origin.ts';
import { SealedCookie, type SealedCookieParts } from '../../http/sealed-cookie.ts';
import type { Fingerprints } from '../../secrets/fingerprints.ts';
import type { Pages } from '../../tenants/pages.ts';
import type { Tenant } from '../../tenants/tenant.entity.ts';
import { tenantById } from '../../tenants/tenants.store.ts';

import { cancelWaitPath } from '../sign-in/lost-factors.ts';
import { showCancelWait, submitCancelWait } from './cancel-wait.ts';

type RecoveryParts = SealedCookieParts & {
  database: Database;
  fingerprints: Fingerprints;
  hasher: PasswordHasher;
  breaches: BreachedPasswords;
  links: EmailLinks;
  /** What a change of an account sets in motion elsewhere. */
  outside: Outside;
  pages: Pages;
  publicUrl: string;
};

const purpose = 'recovery';
const tokenSchema = z.string().regex(/^[\w-]{43}$/);
const linkForm = z.object({ token: z.string().max(200).default('') });
const passwordForm = z.object({ password: z.string().max(1024).default('') });

/** Lets the browser that confirmed the link choose a password. */
const confirmed = new SealedCookie({
  name: 'recovery',
  seconds: 10 * 60,
  schema: z.object({ token: tokenSchema }),
});

/**
 * `/recover`: the link of a recovery mail. Opening it changes nothing, as mail scanners do that too,
 * and the token leaves the address with the first click. The link is used up by the transaction
 * that sets the password, so that it is never lost half-way and never works twice.
 */
export function recoverRoutes(parts: RecoveryParts, origin: { port: number }): Router {
  const router = exactRouter();
  const assertSameOrigin = sameOriginForms({ publicUrl: parts.publicUrl, port: origin.port });
  router.get('/recover', (ctx) => showLink(ctx, parts));
  router.get(cancelWaitPath, (ctx) => showCancelWait(ctx, parts));
  router.post(cancelWaitPath, async (ctx) => {
    assertSameOrigin(ctx);
    await submitCancelWait(ctx, parts);
  });
  router.get('/recover/password', async (ctx) => showPassword(ctx, parts));
  router.post('/recover', async (ctx) => {
    assertSameOrigin(ctx);
    await confirmLink(ctx, parts);
  });
  router.post('/recover/password', async (ctx) => {
    assertSameOrigin(ctx);
    await submitPassword(ctx, parts);
  });
  return router;
}

async function showLink(ctx: Context, parts: RecoveryParts): Promise<void> {
  const token = String(ctx.query.token ?? '');
  const { link, tenant } = await open(parts, token);
  parts.pages.show(
    ctx,
    'recovery-link',
    { action: '/recover', email: link.emailKey, hidden: { token } },
    { tenant },
  );
}

async function confirmLink(ctx: Context, parts: RecoveryParts): Promise<void> {
  const { token } = validate(linkForm, await readForm(ctx));
  await open(parts, token);
  confirmed.write(ctx, parts, { token });
  ctx.status = 303;
  ctx.redirect('/recover/password');
}

async function showPassword(ctx: Context, parts: RecoveryParts, problem?: string): Promise<void> {
  const { account, tenant } = await open(parts, confirmedToken(ctx, parts));
  parts.pages.show(
    ctx,
    'new-password',
    {
      action: '/recover/password',
      handle: account.handle ?? '',
      errors: problem ? { password: { code: problem } } : {},
    },
    { tenant, status: problem ? 422 : 200 },
  );
}

async function submitPassword(ctx: Context, parts: RecoveryParts): Promise<void> {
  const { password } = validate(passwordForm, await readForm(ctx));
  const { account, token } = await open(parts, confirmedToken(ctx, parts));
  const problem = password
    ? await newPasswordProblem(parts.breaches, password, account)
    : 'password_required';
  if (problem) return showPassword(ctx, parts, problem);
  const passwordHash = await hashPassword(parts, password, account);
  await parts.database.transaction(async (tx) => {
    const link = await parts.links.redeemLink(tx, { purpose, token });
    if (!link) throw new AppError('link_invalid');
    await recover(tx, { ...link, passwordHash }, parts.outside);
  });
  confirmed.clear(ctx, parts);
  ctx.status = 303;
  ctx.redirect('/account');
}

function confirmedToken(ctx: Context, parts: RecoveryParts): string {
  const facts = confirmed.read(ctx, parts);
  if (!facts) throw withoutCookie(ctx, 'link_invalid');
  return facts.token;
}

/**
 * What a link is about, while it works; a look that changes nothing.
 *
 * @throws AppError `link_invalid` (400) when it is unknown, used, expired or replaced
 */
async function open(parts: RecoveryParts, token: string) {
  const known = tokenSchema.safeParse(token);
  const link: Link | undefined = known.success
    ? await parts.links.peekLink(parts.database, { purpose, token: known.data })
    : undefined;
  if (!known.success || !link) throw new AppError('link_invalid');
  const [account, tenant] = await Promise.all([
    accountById(parts.database, link.accountId),
    tenantById(parts.database, link.tenantId),
  ]);
  if (!account) throw new AppError('link_invalid');
  return { link, token: known.data, account, tenant: tenant as Tenant };
}
