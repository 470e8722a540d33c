import type { Queryable } from '../database/database.ts';

/** Which version of the tenant's documents was accepted, and when. */
export async function recordTermsAcceptance(
  tx: Queryable,
  accountId: string,
  version: string,
): Promise<void> {
  await tx.query(
    `insert into terms_acceptances (account_id, version) values ($1, $2)
      on conflict do nothing`,
    [accountId, version],
  );
}
