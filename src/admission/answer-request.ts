import { type Authority, reaches, requireChange } from '../authority/authority.ts';
import type { Database, Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import type { QueueMail } from '../mail/queue.ts';
import { tenantWithin } from '../tenants/find.ts';
import { isUuid } from '../text/uuid.ts';
import { requestById, type SignUpRequest } from './sign-up-requests.store.ts';
import { decide } from './sign-up-requests.ts';

/**
 * Answers a request to join; the person is told by mail where there is an address.
 *
 * @throws AppError `sign_up_request_not_found` (404), also for another tenant's
 */
export async function answerRequest(
  dependencies: { database: Database; publicUrl: string; queueMail: QueueMail },
  authority: Authority,
  id: string,
  state: 'approved' | 'refused',
): Promise<SignUpRequest & { mailed: boolean }> {
  const { database, publicUrl, queueMail } = dependencies;
  requireChange(authority);
  return database.transaction(async (tx) => {
    const request = await requestWithin(tx, authority, id);
    const tenant = await tenantWithin(tx, authority, request.tenantId);
    const link = `${publicUrl}/account?tenant=${tenant.slug}`;
    const decision = { state, actor: authority.actor };
    const mailed = await decide(tx, request, decision, { tenant, link, queueMail });
    return { ...(await requestWithin(tx, authority, id)), mailed };
  });
}

/** @throws AppError `sign_up_request_not_found` (404), also for another tenant's */
export async function requestWithin(
  db: Queryable,
  authority: Authority,
  id: string,
): Promise<SignUpRequest> {
  const request = isUuid(id) ? await requestById(db, id) : undefined;
  if (request && reaches(authority, request.tenantId)) return request;
  throw new AppError('sign_up_request_not_found', {
    message: `There is no request ${id}, or its account was made. See: openmeet-id sign-ups list`,
  });
}
