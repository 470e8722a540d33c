import { isDeepStrictEqual } from 'node:util';
import { record } from '../../audit/events.ts';
import type { Transaction } from '../../database/database.ts';
import { loadHandOff } from '../../handoff/load.ts';
import { permit } from '../../handoff/permit.ts';
import { endTaken, findTaken, type HandOff } from '../../handoff/tickets.store.ts';
import { authorizationUrl } from '../../oidc/authorization-url.ts';
import { factsOfHandOff } from '../../oidc/proofs.ts';
import { answer } from '../sign-in/finish.ts';
import { endSignIn } from '../sign-in/sign-ins.store.ts';
import type { Step } from '../sign-in/step.ts';

/**
 * Ends a sign-in by the leave that this browser holds. Where that is used, ended or not for this, the
 * request begins anew without it, like anybody's.
 */
export async function showHandedOver(step: Step<'ring'>): Promise<void> {
  const { ctx, parts, details } = step;
  const handOff = await handOffOf(step);
  permit.clear(ctx, parts);
  const loaded = handOff && (await loadHandOff(parts.database, handOff));
  const used =
    loaded && !loaded.refusal && (await parts.database.transaction((tx) => use(tx, step, handOff)));
  if (!used) return step.redirect(authorizationUrl(details.params));
  const login = {
    accountId: handOff.accountId,
    remember: false,
    ...factsOfHandOff(loaded.account.lastSignInAt ?? loaded.account.createdAt),
  };
  return answer(step, { login, handoff: true });
}

/** Undefined where it is another's, or where more is asked than who is there. */
async function handOffOf(step: Step<'ring'>): Promise<HandOff | undefined> {
  const { details, parts, signIn, client, fixedTenant } = step;
  const facts = permit.read(step.ctx, parts);
  if (facts?.browser !== signIn.browser || facts.clientId !== client.id) return undefined;
  if (!isDeepStrictEqual(details.prompt.reasons, ['no_session'])) return undefined;
  const handOff = await findTaken(parts.database, facts.id);
  return fixedTenant && fixedTenant.id !== handOff?.tenantId ? undefined : handOff;
}

async function use(tx: Transaction, { signIn }: Step, handOff: HandOff): Promise<boolean> {
  if (!(await endTaken(tx, handOff.id))) return false;
  await endSignIn(tx, signIn.id);
  await record(tx, {
    action: 'account.handed_over',
    actor: handOff.issuedBy,
    tenantId: handOff.tenantId,
    target: handOff.accountId,
    clientId: handOff.clientId,
  });
  return true;
}
