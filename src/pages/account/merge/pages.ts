import type { MergeHalf } from '../../../../views/registry.account.ts';
import { type Account, accountById } from '../../../accounts/accounts.store.ts';
import { mergeProblem } from '../../../accounts/merge-rules.ts';
import { liveMerge, type Merge, startMerge } from '../../../accounts/merges.store.ts';
import { identitiesOf } from '../../../federation/identities.store.ts';
import { readForm } from '../../../http/forms.ts';
import type { Visit } from '../visit.ts';
import { mergeKeyOf, mergeMinutes, newMergeKey } from './cookie.ts';
import { sendToProof } from './proof.ts';

export const mergePath = '/account/merge';
export const confirmPath = '/account/merge/confirm';

/** Two accounts whose owner has proved to be the same, seen from the one that is signed in. */
export type ProvedPair = { merge: Merge; own: Owned; other: Owned };
type Owned = Account & { handle: string };

/** What merging is, or, once both accounts are proved, the choice of the one to keep. */
export async function showMerge(visit: Visit<'connectors' | 'serverName'>): Promise<void> {
  const pair = await provedPair(visit);
  const problem = pair ? mergeProblem(pair.own, pair.other) : problemOf(visit);
  if (!pair || problem) return showStart(visit, problem);
  const { own, other } = pair;
  visit.show('account-merge-choose', {
    action: confirmPath,
    backUrl: '/account',
    errors: {},
    accounts: [await halfOf(visit, own), await halfOf(visit, other)],
  });
}

function showStart(visit: Visit, problem?: string): void {
  visit.show('account-merge', {
    action: mergePath,
    backUrl: '/account/ways',
    handle: visit.account.handle,
    errors: problem ? { form: { code: problem } } : {},
  });
}

/** Begins a merge: proves nothing yet, and ends an earlier one. */
export async function submitMerge(visit: Visit<'publicUrl'>): Promise<void> {
  await readForm(visit.ctx);
  const { account, ctx, parts } = visit;
  const { id: accountId, tenantId } = account;
  const key = newMergeKey(ctx, parts);
  await parts.database.transaction(async (tx) => {
    await startMerge(tx, { ...key, accountId, tenantId, minutes: mergeMinutes });
    await visit.record(tx, 'account.merge_begun');
  });
  return sendToProof(ctx, parts, { key, proof: 'other', tenantId });
}

/** Both proved in this browser, for this pair, of late, and one of them is the one signed in. */
export async function provedPair(visit: Visit): Promise<ProvedPair | undefined> {
  const { account, ctx, parts } = visit;
  const key = mergeKeyOf(ctx, parts);
  const merge = key && (await liveMerge(parts.database, key));
  if (!merge?.proved || !merge.otherAccountId || merge.accountId !== account.id) return undefined;
  const other = await accountById(parts.database, merge.otherAccountId);
  return other?.handle ? { merge, own: account, other: other as Owned } : undefined;
}

/** What the way back says went wrong. */
function problemOf({ ctx }: Visit): string | undefined {
  const known = ['merge_other', 'merge_own', 'merge_outdated'];
  return known.find((code) => code === ctx.query.problem);
}

export async function halfOf(
  { parts, tenant }: Visit<'connectors' | 'serverName'>,
  account: Owned,
): Promise<MergeHalf> {
  const [identities, offered] = await Promise.all([
    identitiesOf(parts.database, account.id),
    parts.connectors.offered(tenant),
  ]);
  const nameOf = (way: string) => offered.find(({ id }) => id === way)?.name ?? way;
  return {
    name: account.name,
    handle: account.handle,
    matrixId: `@${account.handle}:${parts.serverName}`,
    email: account.emailKey ? (account.email ?? undefined) : undefined,
    hasPassword: account.hasPassword,
    ways: identities.map(({ connection }) => nameOf(connection)),
    createdAt: account.createdAt,
  };
}
