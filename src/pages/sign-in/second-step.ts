import { z } from 'zod';
import { record } from '../../audit/events.ts';
import { factorsOf } from '../../factors/factors.store.ts';
import { endWait } from '../../factors/lost-factors.ts';
import { useRecoveryCode } from '../../factors/recovery-codes.ts';
import { rememberedDays } from '../../factors/remembered-browsers.ts';
import { useTotp } from '../../factors/totp.ts';
import { readForm, validate } from '../../http/forms.ts';
import type { Subject } from '../../oidc/subjects.store.ts';
import { trimUnseen } from '../../text/unseen.ts';
import type { Finishing } from '../needs.ts';
import { tooMany } from './code-problems.ts';
import { passkeyFormOf } from './passkey-form.ts';
import { waitingFor } from './pending.ts';
import { goOn } from './proved.ts';
import type { Step } from './step.ts';
import { upstreamBehind } from './upstream-person.ts';

const form = z.object({
  code: z.string().max(100).default(''),
  remember: z.string().optional(),
});

type Errors = Record<string, { code: string; params?: Record<string, string | number> }>;
type Shown = { errors?: Errors; remember?: boolean };

/** By what the second step is done; the audit and the pages call them so. */
type Kind = 'totp' | 'recovery';

const pages = { totp: 'second-step', recovery: 'recovery-code' } as const;

type Showing = 'publicUrl' | 'subjects';

export const showSecondStep = (step: Step<Showing>) => show(step, 'totp');
export const submitSecondStep = (step: Step<Finishing | 'limits'>) => submit(step, 'totp');
export const showRecoveryCode = (step: Step<Showing>) => show(step, 'recovery');
export const submitRecoveryCode = (step: Step<Finishing | 'limits'>) => submit(step, 'recovery');

async function show(step: Step<Showing>, kind: Kind, { errors = {}, remember }: Shown = {}) {
  const { subject } = (await waitingFor(step)) ?? {};
  if (!subject) return step.redirect(step.url());
  const { totp, passkeys } = await factorsOf(step.parts.database, subject.id);
  step.show(
    pages[kind],
    {
      action: step.url(pages[kind]),
      errors,
      app: totp !== null,
      passkey: passkeys > 0 ? passkeyFormOf(step) : undefined,
      account: {
        name: subject.name,
        handle: subject.handle ?? '',
        picture: subject.picture ?? undefined,
      },
      days: rememberedDays,
      remember: remember ?? false,
      lostUrl: step.url('lost'),
      insteadUrl: step.url(pages[kind === 'totp' ? 'recovery' : 'totp']),
      otherUrl: step.url('sign-in'),
    },
    Object.keys(errors).length > 0 ? 422 : 200,
  );
}

async function submit(step: Step<Finishing | 'limits'>, kind: Kind): Promise<void> {
  const { pending, subject } = (await waitingFor(step)) ?? {};
  if (!pending || !subject) return step.redirect(step.url());
  const { code, remember: box } = validate(form, await readForm(step.ctx));
  const remember = box !== undefined;
  const refuse = (error: Errors[string]) => show(step, kind, { errors: { code: error }, remember });
  if (!trimUnseen(code)) return refuse({ code: `${kind}_missing` });
  const limit = await step.parts.limits.secondStep(attemptOf(step, subject));
  if (!limit.allowed) return refuse(tooMany(limit.retryAt));
  if (!(await isRight(step, kind, { accountId: subject.id, code }))) {
    await recordRefusal(step, subject, kind);
    return refuse({ code: `${kind}_wrong` });
  }
  await step.parts.limits.giveBack(limit);
  // Whoever has a second step has not lost it.
  const { id, tenantId } = subject;
  await endWait(step.parts.database, { accountId: id, tenantId, actor: id });
  const { expected, proofs, accountId } = pending;
  const upstream = upstreamBehind(step, proofs);
  const options = { expected, upstream, rememberBrowser: remember };
  return goOn(step, accountId, [...proofs, { method: kind, at: new Date() }], options);
}

function isRight(
  step: Step<'outside' | 'ring'>,
  kind: Kind,
  attempt: { accountId: string; code: string },
) {
  const { database, ring, fingerprints, outside } = step.parts;
  if (kind === 'totp') return useTotp(database, attempt, ring);
  return database.transaction(
    async (tx) => (await useRecoveryCode(tx, attempt, { fingerprints, ...outside })) !== undefined,
  );
}

/** The account's own name, whatever was typed first: all tries count on the same. */
export function attemptOf({ ctx, signIn }: Step, { id, handle, tenantId }: Subject) {
  const identifier = handle?.toLowerCase() ?? id;
  return { identifier, tenantId, address: ctx.ip, browser: signIn.browser };
}

function recordRefusal({ parts, client }: Step, { id, tenantId }: Subject, kind: Kind) {
  return record(parts.database, {
    action: 'factor.refused',
    actor: 'nobody',
    outcome: 'failure',
    tenantId,
    target: id,
    clientId: client.id,
    detail: { method: kind },
  });
}
