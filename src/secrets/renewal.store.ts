import type { Transaction } from '../database/database.ts';
import type { Fingerprints } from './fingerprints.ts';

/** Where fingerprints are stored that last longer than minutes; see `purposes.ts`. */
const stored: readonly { table: string; column: string; where?: string }[] = [
  {
    table: 'oidc_artifacts',
    column: 'id',
    where: `model in ('Session', 'AccessToken', 'RefreshToken', 'ClientCredentials', 'ReplayDetection')`,
  },
  { table: 'clients', column: 'secret_hash' },
  { table: 'known_browsers', column: 'browser' },
  { table: 'recovery_codes', column: 'code' },
  { table: 'lost_factors', column: 'token' },
  { table: 'invitations', column: 'token' },
  { table: 'email_links', column: 'id' },
  { table: 'sign_up_requests', column: 'subject' },
  { table: 'mails', column: 'recipient' },
  { table: 'handles', column: 'held_by' },
  { table: 'rate_limits', column: 'key' },
  { table: 'idempotency_keys', column: 'id' },
  { table: 'idempotency_keys', column: 'request' },
];

/** What lasts minutes, or can be made again from what is there. A grant's id is no fingerprint. */
const dropped = [
  `delete from oidc_artifacts where model not in
    ('Session', 'AccessToken', 'RefreshToken', 'ClientCredentials', 'ReplayDetection', 'Grant')`,
  'delete from sign_ins',
  'delete from email_codes',
  'delete from upstream_requests',
  'delete from account_merges',
  'delete from handoff_tickets',
  'delete from atproto_state',
  'delete from remembered_browsers',
  'delete from webauthn_challenges',
  'delete from audit_seals',
];

const batch = 5000;

/** Whoever starts now waits for us before it reads the keys. */
export async function lockOutStarts(tx: Transaction): Promise<void> {
  await tx.query('lock table data_keys in access exclusive mode');
}

/** Connections of processes that serve or work: they would go on with the old roots. */
export async function runningProcesses(tx: Transaction): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
      where datname = current_database() and application_name = 'openmeet-id'`,
  );
  return row?.count ?? 0;
}

/** Brings all that is stored under the newest root. @returns how many fingerprints changed */
export async function renewFingerprints(
  tx: Transaction,
  fingerprints: Fingerprints,
): Promise<number> {
  for (const statement of dropped) await tx.query(statement);
  let changed = 0;
  for (const [index, { table, column, where = 'true' }] of stored.entries()) {
    // A cursor sees what was there when it was opened: nothing is renewed twice.
    await tx.query(
      `declare renewal_${index} no scroll cursor for
        select distinct ${column} as old from ${table} where ${where} and ${column} is not null`,
    );
    for (;;) {
      const rows = await tx.query<{ old: string }>(`fetch ${batch} from renewal_${index}`);
      if (rows.length === 0) break;
      const old = rows.map((row) => row.old);
      await tx.query(
        `update ${table} set ${column} = n.fresh
          from unnest($1::text[], $2::text[]) as n (old, fresh)
          where ${table}.${column} = n.old and ${where}`,
        [old, old.map((fingerprint) => fingerprints.renewed(fingerprint))],
      );
      changed += rows.length;
    }
    await tx.query(`close renewal_${index}`);
  }
  return changed;
}
