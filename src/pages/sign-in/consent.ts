import { z } from 'zod';
import { record } from '../../audit/events.ts';
import { AppError } from '../../errors.ts';
import { readForm, validate } from '../../http/forms.ts';
import { claimsBeyondScopes, scopesOf } from '../../oidc/claims.ts';
import { type Ending, endings, isEnding } from '../../oidc/endings.ts';
import { answer, leaveEndedSession } from './finish.ts';
import type { Step } from './step.ts';
import { isSwitched } from './switched.ts';

const form = z.object({ deny: z.string().optional() });

type Missing = {
  missingOIDCScope?: string[];
  missingOIDCClaims?: string[];
  missingResourceScopes?: Record<string, string[]>;
};

/** All that the application will be able to do, not only what it asks for anew. */
export async function showConsent(step: Step<'subjects'>): Promise<void> {
  const { details, parts, client } = step;
  const subject = await parts.subjects.find(details.session?.accountId ?? '');
  if (!subject) throw new AppError('sign_in_expired');
  const scopes = scopesOf(details.params).filter((scope) => scope !== 'openid');
  const claims = claimsBeyondScopes(details.params);
  step.show('consent', {
    action: step.url('consent'),
    application: { name: client.name },
    scopes: scopes.length + claims.length > 0 ? scopes : ['openid'],
    claims,
    account: {
      name: subject.name,
      handle: subject.handle ?? '',
      picture: subject.picture ?? undefined,
    },
    redirectHost: URL.parse(String(details.params.redirect_uri ?? ''))?.host,
    switchUrl: step.url('accounts'),
  });
}

export async function submitConsent(step: Step): Promise<void> {
  const { details, parts } = step;
  const { deny } = validate(form, await readForm(step.ctx));
  if (deny !== undefined) return endWithout(step, 'consent_denied');
  const accountId = details.session?.accountId;
  if (details.prompt.name !== 'consent' || !accountId) throw new AppError('sign_in_expired');
  const grantId = await saveGrant(step, accountId);
  await record(parts.database, {
    action: 'consent.given',
    actor: accountId,
    tenantId: step.tenant?.id,
    target: accountId,
    clientId: step.client.id,
    detail: {
      scope: String(details.params.scope ?? ''),
      claims: claimsBeyondScopes(details.params).join(' '),
    },
  });
  return answer(step, { consent: { grantId } });
}

async function saveGrant({ details, parts, client }: Step, accountId: string): Promise<string> {
  const { provider } = parts.current;
  const existing = details.grantId ? await provider.Grant.find(details.grantId) : undefined;
  const grant = existing ?? new provider.Grant({ accountId, clientId: client.id });
  const missing = details.prompt.details as Missing;
  if (missing.missingOIDCScope) grant.addOIDCScope(missing.missingOIDCScope.join(' '));
  if (missing.missingOIDCClaims) grant.addOIDCClaims(missing.missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(missing.missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '));
  }
  return grant.save();
}

/** The person turned back, or was refused: the application is told why and can offer to try again. */
export async function cancel(step: Step): Promise<void> {
  const { because } = step.ctx.query;
  return endWithout(step, isEnding(because) ? because : 'cancelled');
}

async function endWithout(step: Step, ending: Ending): Promise<void> {
  if (await isSwitched(step)) await leaveEndedSession(step);
  return answer(step, { error: 'access_denied', error_description: endings[ending] });
}
