import type { Cli } from '../cli/run.ts';
import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { MailQueue } from '../mail/queue.ts';
import { requireTenant } from '../tenants/find.ts';
import { isId } from './find-invitation.ts';
import {
  listRequests,
  type RequestState,
  requestById,
  type SignUpRequest,
} from './sign-up-requests.store.ts';
import { decide } from './sign-up-requests.ts';

/** @throws AppError `tenant_not_found` (404) */
export async function list(
  { database }: Cli,
  { tenant, state }: { tenant?: string; state?: RequestState },
): Promise<SignUpRequest[]> {
  const { id } = tenant ? await requireTenant(database, tenant) : { id: null };
  return listRequests(database, { tenantId: id, state: state ?? null });
}

/**
 * Answers a request; the person is told by mail where there is an address.
 *
 * @throws AppError `sign_up_request_not_found` (404)
 */
export async function answer(
  { database, config, ring, fingerprints }: Cli,
  id: string,
  state: 'approved' | 'refused',
): Promise<SignUpRequest & { mailed: boolean }> {
  const mail = new MailQueue({ ring, fingerprints });
  return database.transaction(async (tx) => {
    const request = await requireRequest(tx, id);
    const tenant = await requireTenant(tx, request.tenantId);
    const decision = { state, actor: 'operator' };
    const mailed = await decide(tx, request, decision, {
      tenant,
      link: `${config.publicUrl}/account?tenant=${tenant.slug}`,
      queueMail: (work, letter) => mail.queue(work, letter),
    });
    return { ...(await requireRequest(tx, id)), mailed };
  });
}

async function requireRequest(db: Queryable, id: string): Promise<SignUpRequest> {
  const request = isId(id) ? await requestById(db, id) : undefined;
  if (request) return request;
  throw new AppError('sign_up_request_not_found', {
    message: `There is no request ${id}, or its account was made. See: openmeet-id sign-ups list`,
  });
}
