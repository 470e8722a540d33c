import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { maskEmail } from '../../accounts/email-address.ts';
import type { Invitation } from '../../admission/invitations.store.ts';
import { findInvitation } from '../../admission/invitations.ts';
import { AppError } from '../../errors.ts';
import { withoutCookie } from '../../http/cookies.ts';
import { exactRouter } from '../../http/exact-router.ts';
import { readForm, validate } from '../../http/forms.ts';
import { sameOriginForms } from '../../http/origin.ts';
import { SealedCookie, type SealedCookieParts } from '../../http/sealed-cookie.ts';
import { buttonForTenant } from '../../oidc/button-name.store.ts';
import type { Pages } from '../../tenants/pages.ts';
import type { Tenant } from '../../tenants/tenant.entity.ts';
import { tenantById } from '../../tenants/tenants.store.ts';
import { type PersonParts, personOf } from '../account/person.ts';
import { type SignInParts, sendToSignIn } from '../account/sign-in.ts';
import { rememberAccepted } from './accepted.ts';

type InvitationParts = PersonParts &
  SignInParts &
  SealedCookieParts & { pages: Pages; serverName: string };

const tokenSchema = z.string().regex(/^[\w-]{43}$/);
const form = z.object({ token: z.string().max(200).default('') });

/** The link that this browser opened last. */
const opened = new SealedCookie({
  name: 'invitation_link',
  seconds: 3600,
  schema: z.object({ token: tokenSchema }),
});

/**
 * `/invitation`: what a link invites to. Opening it changes nothing, as mail scanners do that too,
 * and its token leaves the address at once, so that it stands neither in the history nor in what
 * the browser tells other pages. Accepting it only makes this browser remember it: it is used up
 * by the transaction that makes an account.
 */
export function invitationRoutes(parts: InvitationParts, origin: { port: number }): Router {
  const router = exactRouter();
  const assertSameOrigin = sameOriginForms({ publicUrl: parts.publicUrl, port: origin.port });
  router.get('/invitation', async (ctx) => {
    const { token } = ctx.query;
    return token === undefined ? show(ctx, parts) : open(ctx, parts, String(token));
  });
  router.post('/invitation', async (ctx) => {
    assertSameOrigin(ctx);
    await accept(ctx, parts);
  });
  return router;
}

function open(ctx: Context, parts: InvitationParts, token: string): void {
  const known = tokenSchema.safeParse(token);
  if (!known.success) throw new AppError('invitation_unknown');
  opened.write(ctx, parts, { token: known.data });
  ctx.status = 303;
  ctx.redirect('/invitation');
}

async function show(ctx: Context, parts: InvitationParts): Promise<void> {
  const link = opened.read(ctx, parts);
  if (!link) throw withoutCookie(ctx, 'invitation_unknown');
  const { token, invitation, tenant } = await find(parts, link.token);
  const person = await personOf(ctx, parts);
  const member = person?.tenant.id === tenant.id;
  const { email, handle, expiresAt } = invitation;
  const state = member ? 'member' : stateOf(invitation, tenant);
  parts.pages.show(
    ctx,
    'invitation',
    {
      state,
      action: '/invitation',
      hidden: { token },
      email: email ? maskEmail(email) : undefined,
      handle: handle ?? undefined,
      serverName: parts.serverName,
      button: await buttonForTenant(parts.database, tenant.id),
      expiresAt,
      accountUrl: `/account?tenant=${tenant.slug}`,
    },
    { tenant, status: state === 'open' || state === 'member' ? 200 : 410 },
  );
}

function stateOf({ state }: Invitation, { status }: Tenant) {
  if (status !== 'active') return 'ended';
  return state === 'open' || state === 'used_up' ? state : 'ended';
}

/** Members just sign in: nothing of the invitation is used up. */
async function accept(ctx: Context, parts: InvitationParts): Promise<void> {
  const { token } = validate(form, await readForm(ctx));
  const { invitation, tenant } = await find(parts, token);
  const person = await personOf(ctx, parts);
  const member = person?.tenant.id === tenant.id;
  if (!member) rememberAccepted(ctx, parts, invitation);
  sendToSignIn(ctx, parts, '/account', { tenant: tenant.slug, signUp: !member });
}

/** @throws AppError `invitation_unknown` (404) */
async function find(parts: InvitationParts, token: string | undefined) {
  const known = tokenSchema.safeParse(token);
  const invitation = known.success
    ? await findInvitation(parts.database, parts.fingerprints, known.data)
    : undefined;
  if (!known.success || !invitation) throw new AppError('invitation_unknown');
  const tenant = (await tenantById(parts.database, invitation.tenantId)) as Tenant;
  return { token: known.data, invitation, tenant };
}
