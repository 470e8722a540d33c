import { record } from '../audit/events.ts';
import { sealAudit, verifyAudit } from '../audit/seals.ts';
import type { Database } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { reencryptTotp } from '../factors/totp.store.ts';
import { reencryptConnections } from '../federation/connections/connections.store.ts';
import { reencryptMails } from '../mail/mails.store.ts';
import { addFingerprintRoot, reencryptDataKeys } from '../secrets/data-key.store.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { lockOutStarts, renewFingerprints, runningProcesses } from '../secrets/renewal.store.ts';
import { lockKeys, reencryptSigningKeys } from './keys.store.ts';

export type Reencrypted = {
  signingKeys: number;
  dataKeys: number;
  mails: number;
  connections: number;
  totpSecrets: number;
};

export type Renewed = { fingerprints: number; auditProblems: number };

/**
 * Everything at once, so that the old keys can be taken out of ENCRYPTION_KEYS afterwards. What is
 * sealed in cookies is left to expire.
 *
 * @throws AppError `encryption_key_missing` when ENCRYPTION_KEYS lacks a key that sealed something
 */
export async function reencrypt(
  { database, ring }: { database: Database; ring: KeyRing },
  { actor }: { actor: string },
): Promise<Reencrypted> {
  return database.transaction(async (tx) => {
    await lockKeys(tx);
    const counts = {
      signingKeys: await reencryptSigningKeys(tx, ring),
      dataKeys: await reencryptDataKeys(tx, ring),
      mails: await reencryptMails(tx, ring),
      connections: await reencryptConnections(tx, ring),
      totpSecrets: await reencryptTotp(tx, ring),
    };
    await record(tx, { action: 'keys.reencrypted', actor, detail: counts });
    return counts;
  });
}

/**
 * Another root on top of the key behind all fingerprints, and all that is stored brought under it, so
 * that sessions, tokens and client secrets go on. What lasts minutes is dropped. The audit is sealed
 * again: whether it was believed until then is part of the audit.
 *
 * @throws AppError `service_running` (409): a process that goes on with the old roots would find nothing
 */
export async function renewRoot(
  {
    database,
    ring,
    fingerprints,
  }: { database: Database; ring: KeyRing; fingerprints: Fingerprints },
  { actor }: { actor: string },
): Promise<Renewed> {
  const { problems } = await verifyAudit(database, fingerprints);
  const renewed = await database.transaction(async (tx) => {
    await lockOutStarts(tx);
    if ((await runningProcesses(tx)) > 0) {
      throw new AppError('service_running', {
        message: 'Stop all processes of the service first: they would not find what is renewed.',
      });
    }
    const next = await addFingerprintRoot(tx, ring);
    const count = await renewFingerprints(tx, next);
    const detail = { fingerprints: count, auditProblems: problems.length };
    await record(tx, { action: 'keys.root_renewed', actor, detail });
    return { next, count };
  });
  await sealAudit(database, renewed.next);
  return { fingerprints: renewed.count, auditProblems: problems.length };
}
