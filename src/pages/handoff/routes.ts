import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { Account } from '../../accounts/account.ts';
import { record } from '../../audit/events.ts';
import { findClient } from '../../clients/clients.store.ts';
import { AppError } from '../../errors.ts';
import { type Loaded, loadHandOff } from '../../handoff/load.ts';
import { permit, permitSeconds } from '../../handoff/permit.ts';
import { endTaken, findTaken, type HandOff, takeTicket } from '../../handoff/tickets.store.ts';
import { withoutCookie } from '../../http/cookies.ts';
import { exactRouter } from '../../http/exact-router.ts';
import { readForm, validate } from '../../http/forms.ts';
import { sameOriginForms } from '../../http/origin.ts';
import type { SealedCookieParts } from '../../http/sealed-cookie.ts';
import { allowFormsTo } from '../../http/security-headers.ts';
import { type BrowserParts, browserOf } from '../../oidc/browser.ts';
import { formTargets } from '../../oidc/form-targets.ts';
import type { Pages } from '../../tenants/pages.ts';
import { type Person, type PersonParts, personOf } from '../account/person.ts';

type HandOffParts = PersonParts &
  BrowserParts &
  SealedCookieParts & { pages: Pages; publicUrl: string; serverName: string };

const ticketForm = z.object({ ticket: z.string().max(200).default('') });
const answerForm = z.object({ handoff: z.string().max(100), decline: z.string().optional() });

type Facts = NonNullable<ReturnType<typeof permit.read>>;
type Arrival = { facts: Facts; handOff: HandOff; loaded: Exclude<Loaded, { refusal: string }> };

/**
 * `/handoff`: a platform's page posts a ticket for whoever is in front of it. As our cookies do not
 * come with another site's form, the browser is only looked at in the request that follows.
 */
export function handOffRoutes(parts: HandOffParts, origin: { port: number }): Router {
  const router = exactRouter();
  const assertSameOrigin = sameOriginForms({ publicUrl: parts.publicUrl, port: origin.port });
  router.post('/handoff', (ctx) => bringTicket(ctx, parts));
  router.get('/handoff', (ctx) => goOn(ctx, parts));
  router.post('/handoff/answer', async (ctx) => {
    assertSameOrigin(ctx);
    await takeAnswer(ctx, parts);
  });
  return router;
}

/**
 * Uses up the ticket. One that is not good leaves the browser as it was, so that a form that was sent
 * twice still leads on.
 */
async function bringTicket(ctx: Context, parts: HandOffParts): Promise<void> {
  const { ticket } = validate(ticketForm, await readForm(ctx));
  const id = parts.fingerprints.of('handoff', ticket);
  const handOff = await takeTicket(parts.database, id, permitSeconds);
  if (!handOff) return seeOther(ctx, '/handoff');
  const platform = await findClient(parts.database, handOff.issuedBy);
  const fromPlatform = platform?.handoffOrigins.includes(ctx.get('origin')) ?? false;
  permit.write(ctx, parts, { id, clientId: handOff.clientId, fromPlatform });
  seeOther(ctx, '/handoff?ticket=taken');
}

/**
 * Nobody is asked who came from the platform's own page, in a browser where nobody else is signed in.
 * Whoever is signed in as the same person needs no hand-off.
 */
async function goOn(ctx: Context, parts: HandOffParts): Promise<void> {
  const { facts, handOff, loaded } = await arrivalOf(ctx, parts);
  const current = await personOf(ctx, parts);
  if (current?.account.id === handOff.accountId) return endAndLeave(ctx, parts, handOff);
  if (facts.fromPlatform && !current) return agree(ctx, parts, { facts, handOff, loaded });
  ask(ctx, parts, { facts, handOff, loaded }, current);
}

async function takeAnswer(ctx: Context, parts: HandOffParts): Promise<void> {
  const answer = validate(answerForm, await readForm(ctx));
  const arrival = await arrivalOf(ctx, parts);
  // Another ticket was brought while the page was open: it was not what the person read.
  if (answer.handoff !== arrival.handOff.id) return seeOther(ctx, '/handoff');
  if (answer.decline === undefined) return agree(ctx, parts, arrival);
  await decline(ctx, parts, arrival.handOff);
}

/** @throws AppError `handoff_expired` (400), and those of `refusals` */
async function arrivalOf(ctx: Context, parts: HandOffParts): Promise<Arrival> {
  const facts = permit.read(ctx, parts);
  // Only where a ticket was taken a cookie was set, which may not have been kept.
  if (!facts && ctx.query.ticket === 'taken') throw withoutCookie(ctx, 'handoff_expired');
  if (!facts) throw new AppError('handoff_expired');
  const handOff = await findTaken(parts.database, facts.id);
  if (!handOff) throw new AppError('handoff_expired');
  const loaded = await loadHandOff(parts.database, handOff);
  if (!loaded.refusal) return { facts, handOff, loaded };
  permit.clear(ctx, parts);
  if (loaded.refusal === 'matrix_access_revoked') {
    throw new AppError(loaded.refusal);
  }
  throw new AppError('handoff_expired');
}

function agree(ctx: Context, parts: HandOffParts, { facts, handOff }: Arrival): void {
  permit.write(ctx, parts, { ...facts, browser: browserOf(ctx, parts) });
  seeOther(ctx, handOff.redirectUri);
}

/** The way to the client is left open: there the person may sign in as themselves. */
async function decline(ctx: Context, parts: HandOffParts, handOff: HandOff): Promise<void> {
  await record(parts.database, {
    action: 'handoff.declined',
    actor: 'nobody',
    outcome: 'failure',
    tenantId: handOff.tenantId,
    target: handOff.accountId,
    clientId: handOff.issuedBy,
  });
  await endAndLeave(ctx, parts, handOff);
}

async function endAndLeave(ctx: Context, parts: HandOffParts, handOff: HandOff) {
  await endTaken(parts.database, handOff.id);
  permit.clear(ctx, parts);
  seeOther(ctx, handOff.redirectUri);
}

function ask(
  ctx: Context,
  parts: HandOffParts,
  { handOff, loaded: { account, tenant, target, platform } }: Arrival,
  current: Person | undefined,
): void {
  allowFormsTo(ctx, formTargets(target, handOff.redirectUri));
  parts.pages.show(
    ctx,
    'handoff',
    {
      action: '/handoff/answer',
      hidden: { handoff: handOff.id },
      platform: platform.name,
      application: { name: target.name },
      account: badge(account, parts),
      current: current && badge(current.account, parts),
    },
    { tenant, application: { name: target.name } },
  );
}

function badge({ name, handle, picture }: Account, { serverName }: HandOffParts) {
  return { name, handle: `${handle}:${serverName}`, picture: picture ?? undefined };
}

function seeOther(ctx: Context, url: string): void {
  ctx.set('cache-control', 'no-store');
  ctx.status = 303;
  ctx.redirect(url);
}
