import type { Context } from 'koa';
import { accountById } from '../../../accounts/accounts.store.ts';
import { liveMerge } from '../../../accounts/merges.store.ts';
import type { Needs } from '../../needs.ts';
import { mergePath } from './pages.ts';
import { returnedProof, sendToProof } from './proof.ts';

type ReturnParts = Needs<'cookies' | 'database' | 'fingerprints' | 'publicUrl' | 'secureCookies'>;

/**
 * Back from a proof: the first leads to the second, the second to the choice.
 *
 * @returns false where the sign-in was for something else
 */
export async function comeBackFromProof(ctx: Context, parts: ReturnParts): Promise<boolean> {
  const returned = returnedProof(ctx, parts);
  if (!returned) return false;
  const { key, proof } = returned;
  const merge = await liveMerge(parts.database, key);
  const own = merge && (await accountById(parts.database, merge.accountId));
  if (merge?.otherAccountId && proof === 'other' && own?.handle) {
    sendToProof(ctx, parts, { key, proof: 'own', tenantId: merge.tenantId, hint: own.handle });
    return true;
  }
  ctx.status = 303;
  if (!own) ctx.redirect(`${mergePath}?problem=merge_outdated`);
  else if (merge?.proved) ctx.redirect(mergePath);
  else ctx.redirect(`${mergePath}?problem=merge_${proof}`);
  return true;
}
