import type { Context } from 'koa';
import { z } from 'zod';
import type { Invitation } from '../../admission/invitations.store.ts';
import { SealedCookie, type SealedCookieParts } from '../../http/sealed-cookie.ts';
import { type BrowserParts, browserOf } from '../../oidc/browser.ts';

type Parts = BrowserParts & SealedCookieParts;

/**
 * The invitation that this browser's person accepted: a later sign-up in its tenant comes by it. A
 * copy of the cookie is of no use in another browser.
 */
const accepted = new SealedCookie({
  name: 'invitation',
  seconds: 7 * 24 * 3600,
  schema: z.object({ id: z.string(), tenantId: z.string(), browser: z.string() }),
});

export function rememberAccepted(
  ctx: Context,
  parts: Parts,
  { id, tenantId }: Pick<Invitation, 'id' | 'tenantId'>,
): void {
  accepted.write(ctx, parts, { id, tenantId, browser: browserOf(ctx, parts) });
}

export function acceptedInvitation(
  ctx: Context,
  parts: Parts,
): { id: string; tenantId: string } | undefined {
  const facts = accepted.read(ctx, parts);
  return facts && facts.browser === browserOf(ctx, parts) ? facts : undefined;
}

export function forgetAccepted(ctx: Context, parts: Parts): void {
  accepted.clear(ctx, parts);
}
