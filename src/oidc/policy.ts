import type { Context } from 'koa';
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { ClientDirectory } from '../clients/directory.ts';
import { accountClientId } from '../clients/own-clients.ts';
import type { Database } from '../database/database.ts';
import type { CookieNames } from '../http/cookies.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { endings } from './endings.ts';
import { proofSeconds } from './lifetimes.ts';
import { parkedSessions } from './parked-sessions.ts';
import { type MatrixDevices, removedDevice } from './removed-devices.ts';
import { refuseUnmetRequirements } from './required-sign-in.ts';
import { requireSteps } from './required-steps.ts';
import type { Subjects } from './subjects.ts';
import { asksForConfirmation } from './synapse-parameters.ts';
import type { Tenancy } from './tenancy.ts';

const { Check, Prompt, base } = interactionPolicy;

/** Why somebody who is signed in must prove who they are once more, besides what the library knows. */
export const oldProof = 'old_proof';

type PolicyParts = {
  clients: ClientDirectory;
  subjects: Subjects;
  tenancy: Tenancy;
  cookies: CookieNames;
  secureCookies: boolean;
  ring: KeyRing;
  database: Database;
  matrixDevices?: MatrixDevices;
};

/**
 * What a sign-in still needs is asked in this order. `create` (Initiating User Registration 1.0) and
 * `select_account` are only ever asked for.
 */
const order = [
  'create',
  'select_account',
  'login',
  'matrix_access',
  'handle',
  'email',
  'memberships',
  'consent',
];

export function createPolicy(parts: PolicyParts) {
  const policy = base();
  policy.add(new Prompt({ name: 'select_account', requestable: true }, oneOfSeveral(parts)));
  policy.add(new Prompt({ name: 'create', requestable: true }));

  policy.get('login')?.checks.add(
    new Check(
      'other_tenant',
      'the session belongs to another tenant',
      'login_required',
      async (ctx) => {
        const accountId = ctx.oidc.session?.accountId;
        if (!accountId) return Check.NO_NEED_TO_PROMPT;
        const subject = await parts.subjects.find(accountId);
        const wanted = await parts.tenancy.requiredTenantId(
          ctx.oidc.client?.clientId as string,
          ctx.oidc.params?.tenant,
        );
        const same = ctx.oidc.account && (!wanted || wanted === subject?.tenantId);
        return same ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
      },
    ),
  );
  policy.get('login')?.checks.add(confirmation());
  policy.get('login')?.checks.add(removedDevice(parts));
  requireSteps(policy, parts);
  requireAddress(policy, parts);
  policy.add(
    new Prompt(
      { name: 'handle', requestable: false },
      new Check('no_handle', 'a handle must be chosen', 'interaction_required', async (ctx) => {
        const accountId = ctx.oidc.session?.accountId;
        const subject = accountId ? await parts.subjects.find(accountId) : undefined;
        return subject && !subject.handle ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
      }),
    ),
  );
  refuseUnmetRequirements(policy, parts.database);
  askAboutMemberships(policy);
  requireMatrixAccess(policy, parts);
  exemptAccountPage(policy);
  return inOrder(policy);
}

/** @throws Error for a prompt that has no place, as one that the library added would have none */
function inOrder(policy: ReturnType<typeof base>) {
  const lost = policy.find(({ name }) => !order.includes(name));
  if (lost) throw new Error(`The prompt ${lost.name} has no place in the order of prompts`);
  return policy.sort(
    (one, other) => order.indexOf(one.name) - order.indexOf(other.name),
  ) as typeof policy;
}

/**
 * Matrix asks once more who somebody is before it deletes devices or resets keys. A session that is
 * still open proves nothing then.
 */
function confirmation() {
  return new Check(
    'matrix_confirmation',
    'Matrix wants the person to confirm who they are',
    'login_required',
    (ctx) =>
      asksForConfirmation(ctx) && !ctx.oidc.result?.login
        ? Check.REQUEST_PROMPT
        : Check.NO_NEED_TO_PROMPT,
  );
}

/**
 * Where several people who use an application are signed in at one browser, a silent request cannot
 * know whom it is about, unless it says so: OIDC Core 3.1.2.6, `account_selection_required`.
 */
function oneOfSeveral(parts: PolicyParts) {
  return new Check(
    'several_accounts',
    'somebody else is signed in at this browser too',
    'account_selection_required',
    async (ctx) => {
      const { oidc } = ctx;
      const accountId = oidc.session?.accountId;
      const silent = oidc.prompts.has('none') && !oidc.entities.IdTokenHint;
      if (!silent || !accountId) return Check.NO_NEED_TO_PROMPT;
      const clientId = oidc.client?.clientId ?? '';
      for (const id of parkedSessions(ctx as unknown as Context, parts)) {
        const other = await oidc.provider.Session.find(id);
        const uses = other?.accountId !== accountId && other?.grantIdFor(clientId);
        if (uses) return Check.REQUEST_PROMPT;
      }
      return Check.NO_NEED_TO_PROMPT;
    },
  );
}

/**
 * The library asks for consent each time where a public client's redirect URI is not https, as any
 * program on that machine could be the client (RFC 8252 §8.6). Not for our account page in
 * development: whoever starts its sign-in, the code comes to us, and is never redeemed.
 */
function exemptAccountPage(policy: ReturnType<typeof base>): void {
  const native = policy.get('consent')?.checks.get('native_client_prompt');
  if (!native) throw new Error('the library has no check of this name any more');
  const { check } = native;
  native.check = (ctx) =>
    ctx.oidc.client?.clientId === accountClientId ? Check.NO_NEED_TO_PROMPT : check(ctx);
}

/**
 * A tenant may want an address of every account, also of those that came before it did. It is a way
 * in, so whoever gives it has proved of late who they are: a browser left signed in is not enough.
 */
function requireAddress(policy: ReturnType<typeof base>, { subjects }: PolicyParts) {
  const lacksEmail = async ({ oidc }: KoaContextWithOIDC) => {
    const accountId = oidc.session?.accountId;
    const subject = accountId ? await subjects.find(accountId) : undefined;
    return subject?.lacksEmail === true;
  };
  policy.get('login')?.checks.add(
    new Check(oldProof, 'an address wants a new proof', 'login_required', async (ctx) => {
      const proved = (ctx.oidc.session?.loginTs ?? 0) > Date.now() / 1000 - proofSeconds;
      return !proved && (await lacksEmail(ctx)) ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
    }),
  );
  policy.add(
    new Prompt(
      { name: 'email', requestable: false },
      new Check('no_email', 'an address must be proved', 'interaction_required', async (ctx) =>
        (await lacksEmail(ctx)) ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
      ),
    ),
  );
}

/**
 * Whoever signs in with a code may have been a guest until then. Asked once, by the sign-in itself:
 * no other request has to look for it.
 */
function askAboutMemberships(policy: ReturnType<typeof base>): void {
  policy.add(
    new Prompt(
      { name: 'memberships', requestable: false },
      new Check('unconfirmed', 'memberships wait for a yes', 'interaction_required', (ctx) =>
        (ctx.oidc.result as { memberships?: string } | undefined)?.memberships === 'waiting'
          ? Check.REQUEST_PROMPT
          : Check.NO_NEED_TO_PROMPT,
      ),
    ),
  );
}

/** An account whose Matrix access was taken away is told so instead of reaching Synapse. */
function requireMatrixAccess(policy: ReturnType<typeof base>, { clients, subjects }: PolicyParts) {
  policy.add(
    new Prompt(
      { name: 'matrix_access', requestable: false },
      new Check('revoked', endings.matrix_access_revoked, 'access_denied', async (ctx) => {
        const accountId = ctx.oidc.session?.accountId;
        const client = await clients.find(ctx.oidc.client?.clientId ?? '');
        if (!accountId || !client?.idpId) return Check.NO_NEED_TO_PROMPT;
        const subject = await subjects.find(accountId);
        return subject?.matrixAccess === 'revoked' ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
      }),
    ),
  );
}
