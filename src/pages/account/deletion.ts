import { z } from 'zod';
import type { Errors } from '../../../views/registry.ts';
import { deleteAccount } from '../../accounts/lifecycle.ts';
import { clearCookie } from '../../http/cookies.ts';
import { readForm, validate } from '../../http/forms.ts';
import { trimUnseen } from '../../text/unseen.ts';
import type { Visit } from './visit.ts';

const form = z.object({ handle: z.string().max(300).default(''), erase: z.string().optional() });

export async function showDeletion(
  visit: Visit<'serverName'>,
  { errors = {}, erase = false }: { errors?: Errors; erase?: boolean } = {},
): Promise<void> {
  const { account, parts } = visit;
  visit.show('account-delete', {
    action: '/account/delete',
    backUrl: '/account',
    handle: account.handle,
    matrixId: `@${account.handle}:${parts.serverName}`,
    erase,
    errors,
  });
}

export async function submitDeletion(visit: Visit<'outside' | 'serverName'>): Promise<void> {
  const { account, parts, ctx } = visit;
  const { handle, ...choice } = validate(form, await readForm(ctx));
  const erase = choice.erase !== undefined;
  if (trimUnseen(handle).replace(/^@/, '').toLowerCase() !== account.handle.toLowerCase()) {
    return showDeletion(visit, { erase, errors: { handle: { code: 'handle_mismatch' } } });
  }
  await parts.database.transaction((tx) =>
    deleteAccount(tx, { accountId: account.id, erase }, parts.outside),
  );
  clearCookie(ctx, parts.cookies.session, { secure: parts.secureCookies });
  return visit.redirect('/?notice=account_deleted');
}
