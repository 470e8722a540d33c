import { randomInt } from 'node:crypto';
import { lockAccount } from '../accounts/accounts.store.ts';
import type { Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { withoutUnseen } from '../text/unseen.ts';
import { factorsOf } from './factors.store.ts';
import { factorsChanged, hasSecondFactor, type Telling } from './factors.ts';
import { countCodes, replaceCodes, takeCode } from './recovery-codes.store.ts';

/** Crockford's: nobody confuses two of its letters on paper. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

const codesAtOnce = 10;

/** 50 bits, of which only an HMAC is stored. */
const letters = 10;

/**
 * New codes, to be shown once; those before are worth nothing from now.
 *
 * @param change.actor who does it, for the audit: the account itself unless given
 * @throws AppError `second_factor_missing` (409): there is nothing that they could stand in for;
 *   `account_not_found` (404)
 */
export async function makeRecoveryCodes(
  tx: Transaction,
  change: { accountId: string; actor?: string },
  { fingerprints, ...telling }: Telling & { fingerprints: Fingerprints },
): Promise<string[]> {
  const account = await lockAccount(tx, change.accountId);
  if (!hasSecondFactor(await factorsOf(tx, account.id)))
    throw new AppError('second_factor_missing');
  const codes = Array.from({ length: codesAtOnce }, newCode);
  const stored = codes.map((code) => fingerprintOf(fingerprints, account.id, code));
  await replaceCodes(tx, account.id, stored);
  const { actor } = change;
  await factorsChanged(tx, { account, actor, change: 'recovery_codes_made' }, telling);
  return codes;
}

/**
 * Uses a code up; its owner is told, and how many are left. The caller has counted the try.
 *
 * @returns how many are left; undefined for a code that is wrong or was used
 * @throws AppError `account_not_found` (404)
 */
export async function useRecoveryCode(
  tx: Transaction,
  { accountId, code }: { accountId: string; code: string },
  { fingerprints, ...telling }: Telling & { fingerprints: Fingerprints },
): Promise<number | undefined> {
  const account = await lockAccount(tx, accountId);
  const stored = fingerprintOf(fingerprints, accountId, code);
  if (!(await takeCode(tx, accountId, stored))) return undefined;
  const left = await countCodes(tx, accountId);
  await factorsChanged(tx, { account, change: 'recovery_code_used', left }, telling);
  return left;
}

function newCode(): string {
  const code = Array.from({ length: letters }, () => alphabet[randomInt(alphabet.length)]).join('');
  return `${code.slice(0, letters / 2)}-${code.slice(letters / 2)}`;
}

function fingerprintOf(fingerprints: Fingerprints, accountId: string, typed: string): string {
  return fingerprints.of('recovery code', JSON.stringify([accountId, canonical(typed)]));
}

/** As it was made, however it is copied from paper. */
function canonical(typed: string): string {
  const code = withoutUnseen(typed)
    .replace(/\p{Pd}/gu, '')
    .toLowerCase();
  return code.replaceAll('o', '0').replace(/[il]/g, '1');
}
