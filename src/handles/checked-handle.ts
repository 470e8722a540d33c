import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { suggestHandles } from './availability.ts';
import { type HandlePolicy, refusal } from './policy.ts';
import { normaliseHandle } from './rules.ts';

export type HandleRequest = {
  handle: string;
  /** What suggestions are made of. */
  name: string;
  email: string;
  /** Those who operate us may give reserved words away. */
  allowReserved?: boolean;
};

/**
 * A handle by the rules that hold for everybody. Who has it is decided when it is held.
 *
 * @throws AppError `handle_unavailable` with the reason and what would be free
 */
export async function checkedHandle(
  db: Queryable,
  policy: HandlePolicy,
  request: HandleRequest,
): Promise<string> {
  const handle = normaliseHandle(request.handle, policy.serverName);
  const reason = refusal(handle, policy);
  if (!reason || (request.allowReserved && reason.startsWith('reserved'))) return handle;
  const { name, email } = request;
  const suggestions = await suggestHandles(db, policy, { name, email, wanted: handle });
  throw new AppError('handle_unavailable', {
    message: `@${handle} cannot be had: ${reason.replaceAll('_', ' ')}. Free are ${suggestions.join(', ')}.`,
    details: { reason, suggestions },
  });
}
