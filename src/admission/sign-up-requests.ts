import { randomUUID } from 'node:crypto';
import type { Mail } from '../../views/mail-registry.ts';
import { record } from '../audit/events.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import type { QueueMail } from '../mail/queue.ts';
import { mailFrame } from '../tenants/mail.ts';
import type { Tenant } from '../tenants/tenant.entity.ts';
import {
  decideRequest,
  insertRequest,
  type NewRequest,
  type SignUpRequest,
  takeApproved,
} from './sign-up-requests.store.ts';

/** How long a request waits, and how long its answer stands. */
const days = 30;

/** Asks to be let in. Asking again changes nothing while there is a request or its answer. */
export async function askToJoin(
  tx: Transaction,
  request: Omit<NewRequest, 'id' | 'days'>,
): Promise<void> {
  const id = randomUUID();
  if (!(await insertRequest(tx, { ...request, id, days }))) return;
  const { tenantId, way } = request;
  await record(tx, {
    ...{ action: 'sign_up.requested', actor: 'nobody', tenantId, target: id },
    detail: { way },
  });
}

/**
 * Answers a request, and tells the person by mail where there is an address. The answer can be
 * changed until the account is made.
 *
 * @param link the way back in, for whoever is let in
 * @returns whether a mail was queued
 */
export async function decide(
  tx: Transaction,
  request: SignUpRequest,
  decision: { state: 'approved' | 'refused'; actor: string },
  to: { tenant: Tenant; link: string; queueMail: QueueMail },
): Promise<boolean> {
  const { id, tenantId, email } = request;
  const { state, actor } = decision;
  if (!(await decideRequest(tx, { id, state, decidedBy: actor, days }))) return false;
  await record(tx, { action: `sign_up.${state}`, actor, tenantId, target: id });
  if (!email) return false;
  const { brand } = mailFrame(to.tenant);
  const mail: Mail =
    state === 'approved'
      ? { template: 'sign-up-approved', params: { brand, link: to.link } }
      : { template: 'sign-up-refused', params: { brand } };
  const locale = request.locale ?? to.tenant.languages[0] ?? 'en';
  return to.queueMail(tx, { ...mail, tenantId, to: email, locale });
}

/**
 * In the transaction that makes an account: the approval lets in once.
 *
 * @throws AppError `approval_withdrawn` (409)
 */
export async function useApproval(
  tx: Transaction,
  { accountId, ...wanted }: { tenantId: string; subject: string; accountId: string },
): Promise<void> {
  const id = await takeApproved(tx, wanted);
  if (!id) throw new AppError('approval_withdrawn');
  const { tenantId } = wanted;
  await record(tx, { action: 'sign_up.completed', actor: accountId, tenantId, target: id });
}
