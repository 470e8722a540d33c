import { z } from 'zod';
import { accountById } from '../../../accounts/accounts.store.ts';
import { KnownBrowsers } from '../../../accounts/known-browsers.ts';
import { mergeAccounts } from '../../../accounts/merge.ts';
import { mergeProblem } from '../../../accounts/merge-rules.ts';
import { isConsumed, type MergeKey } from '../../../accounts/merges.store.ts';
import { AppError } from '../../../errors.ts';
import { clearCookie } from '../../../http/cookies.ts';
import { readForm, validate } from '../../../http/forms.ts';
import { forget } from '../../../http/request-cache.ts';
import type { Visit } from '../visit.ts';
import { forgetMerge, mergeKeyOf } from './cookie.ts';
import { confirmPath, halfOf, mergePath, type ProvedPair, provedPair } from './pages.ts';

const form = z.object({ keep: z.string().max(300).default('') });

/** What keeping this one means, before it is done for good. */
export async function showConfirm(visit: Visit<'connectors' | 'serverName'>): Promise<void> {
  const pair = await provedPair(visit);
  const chosen = pair && choose(pair, String(visit.ctx.query.keep ?? ''));
  if (!pair || !chosen || mergeProblem(pair.own, pair.other)) return visit.redirect(mergePath);
  visit.show('account-merge-confirm', {
    action: confirmPath,
    backUrl: mergePath,
    errors: {},
    kept: await halfOf(visit, chosen.kept),
    dropped: await halfOf(visit, chosen.dropped),
    signedOut: chosen.kept.id !== visit.account.id,
  });
}

/** Whoever presses twice is where they would be after once. */
export async function submitConfirm(visit: Visit<'outside'>): Promise<void> {
  const { ctx, parts, account } = visit;
  const { keep } = validate(form, await readForm(ctx));
  const key = mergeKeyOf(ctx, parts);
  if (!key) return visit.redirect(mergePath);
  const pair = await provedPair(visit);
  const chosen = pair && choose(pair, keep);
  const done = pair && chosen && (await mergeHere(visit, key, pair, chosen.kept.id));
  if (!done && !(await isConsumed(parts.database, key))) {
    return visit.redirect(`${mergePath}?problem=merge_outdated`);
  }
  const now = await accountById(parts.database, account.id);
  return leave(visit, now?.status === 'active');
}

/** @returns false where the pair is proved no more, or another request was first */
async function mergeHere(visit: Visit<'outside'>, key: MergeKey, pair: ProvedPair, keptId: string) {
  const { parts, account, session, browser } = visit;
  const stays = keptId === account.id;
  const order = { key, keptId, accountId: account.id, otherAccountId: pair.other.id };
  try {
    await parts.database.transaction(async (tx) => {
      const keep = stays ? { sessionUid: session.uid } : undefined;
      await mergeAccounts(tx, { ...order, keep }, parts.outside);
      if (!stays) return;
      await new KnownBrowsers(parts.fingerprints).rememberBrowser(tx, browser, account.id);
    });
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'merge_outdated') return false;
    throw error;
  }
}

/** To the account that is left, if this browser is signed in to it, or to where it can be. */
function leave(visit: Visit, stays: boolean): void {
  const { ctx, parts, account } = visit;
  forgetMerge(ctx, parts);
  forget('Subject', account.id);
  if (!stays) clearCookie(ctx, parts.cookies.session, { secure: parts.secureCookies });
  visit.redirect(`${stays ? '/account' : '/'}?notice=accounts_merged`);
}

function choose({ own, other }: ProvedPair, handle: string) {
  if (handle === own.handle) return { kept: own, dropped: other };
  return handle === other.handle ? { kept: other, dropped: own } : undefined;
}
