import { z } from 'zod';
import { serves } from '../../clients/directory.ts';
import { readForm, validate } from '../../http/forms.ts';
import { authorizationUrl } from '../../oidc/authorization-url.ts';
import { parkedProofSeconds } from '../../oidc/lifetimes.ts';
import {
  currentSessionId,
  type LivingSession,
  livingSessions,
  parkedSessions,
  rearrange,
} from '../../oidc/parked-sessions.ts';
import type { Subject } from '../../oidc/subjects.store.ts';
import { brandOf } from '../../tenants/pages.ts';
import { tenantById } from '../../tenants/tenants.store.ts';
import { answer } from './finish.ts';
import type { Step } from './step.ts';
import { isSwitched } from './switched.ts';

const form = z.object({ account: z.string().max(100) });

type Choice = { session: LivingSession; subject: Subject };

/** The accounts that this browser is signed in to and that may be used here. */
export async function showAccounts(step: Step<'ring' | 'subjects'>): Promise<void> {
  const choices = await choicesOf(step);
  if (choices.length === 0) return step.redirect(step.url('sign-in'));
  const communities = await communitiesOf(step, choices);
  step.show('chooser', {
    action: step.url('accounts'),
    accounts: choices.map(({ subject }) => ({
      id: subject.id,
      name: subject.name,
      handle: subject.handle ?? '',
      picture: subject.picture ?? undefined,
      community: communities.get(subject.tenantId),
    })),
    addUrl: step.url('sign-in'),
  });
}

/**
 * Going on as somebody else means another session, and an interaction belongs to the session that
 * it started with: so the authorization request starts again with the chosen one.
 */
export async function submitAccount(step: Step<'ring' | 'subjects'>): Promise<void> {
  const { ctx, parts, details } = step;
  const { account } = validate(form, await readForm(ctx));
  const choice = (await choicesOf(step)).find(({ subject }) => subject.id === account);
  if (!choice) return step.redirect(step.url('accounts'));
  const current = currentSessionId(ctx, parts);
  const asked = details.prompt.name === 'select_account' && !(await isSwitched(step));
  if (choice.session.jti === current && asked) {
    return answer(step, { select_account: {} });
  }
  const params = withoutPrompt(details.params, 'select_account');
  if (choice.session.jti === current) return step.redirect(authorizationUrl(params));
  if (wantsProof(choice.session)) return step.redirect(authorizationUrl(proving(params, choice)));
  const [own] = await livingSessions(parts.current.provider, current ? [current] : []);
  rearrange(ctx, parts, { aside: own, taken: choice.session.jti });
  ctx.cookies.set(parts.cookies.session, choice.session.jti, {
    httpOnly: true,
    sameSite: 'lax',
    secure: parts.secureCookies,
    signed: true,
    path: '/',
    overwrite: true,
  });
  step.redirect(authorizationUrl(params));
}

/**
 * Whoever is at the browser now enters no account whose owner wanted it to end with their visit, or
 * has not been seen to prove themselves for long. The proof comes first, and the session after it: see
 * `parkOtherSessions`.
 */
function wantsProof({ transient, loginTs = 0 }: LivingSession): boolean {
  return transient === true || loginTs < Date.now() / 1000 - parkedProofSeconds;
}

function proving(params: Record<string, unknown>, { subject }: Choice) {
  const prompt = ['login', params.prompt].filter(Boolean).join(' ');
  return { ...params, prompt, login_hint: subject.handle ?? subject.email ?? undefined };
}

async function choicesOf({
  ctx,
  parts,
  tenant,
  client,
}: Step<'ring' | 'subjects'>): Promise<Choice[]> {
  const current = currentSessionId(ctx, parts);
  const ids = [...new Set([...(current ? [current] : []), ...parkedSessions(ctx, parts)])];
  const choices: Choice[] = [];
  for (const session of await livingSessions(parts.current.provider, ids)) {
    const subject = await parts.subjects.find(session.accountId);
    if (!subject || !serves(client, subject.tenantId)) continue;
    if (tenant && subject.tenantId !== tenant.id) continue;
    if (!choices.some((choice) => choice.subject.id === subject.id)) {
      choices.push({ session, subject });
    }
  }
  return choices;
}

/** Names of the communities, where there are several to be told apart. */
async function communitiesOf({ parts }: Step, choices: Choice[]): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  const ids = new Set(choices.map(({ subject }) => subject.tenantId));
  if (ids.size < 2) return names;
  for (const id of ids) {
    const tenant = await tenantById(parts.database, id);
    if (tenant) names.set(id, brandOf(tenant).name);
  }
  return names;
}

function withoutPrompt(params: Record<string, unknown>, answered: string) {
  const prompts = String(params.prompt ?? '').split(' ');
  const others = prompts.filter((prompt) => prompt && prompt !== answered);
  return { ...params, prompt: others.length > 0 ? others.join(' ') : undefined };
}
