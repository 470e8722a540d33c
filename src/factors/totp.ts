import { randomUUID } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { lockAccount } from '../accounts/accounts.store.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { AppError } from '../errors.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { withoutUnseen } from '../text/unseen.ts';
import { endUselessCodes, factorsChanged, type Telling } from './factors.ts';
import {
  confirm,
  confirmedTotp,
  deleteTotp,
  replaceUnconfirmed,
  secretContext,
  type TotpCredential,
  unconfirmedTotp,
  useStep,
} from './totp.store.ts';

/** RFC 6238 as every app expects it: some know nothing else, and do not say so. */
const shape = { algorithm: 'SHA1', digits: 6, period: 30 } as const;

/** How many periods a clock may be wrong, either way. */
const drift = 1;

/** Modules of white around a QR code: ISO/IEC 18004 wants four. */
const quietZone = 4;

/** How long a secret waits for its first code. */
export const enrolmentMinutes = 15;

type Change = {
  accountId: string;
  /** Who does it, for the audit: the account itself unless given. */
  actor?: string;
};

/** In which session or sign-in an app is set up: nobody else sees its secret, or makes it count. */
type Place = { accountId: string; begunBy: string };

/**
 * Makes a secret that counts for nothing until `confirmTotp`.
 *
 * @throws AppError `account_not_found` (404)
 */
export async function beginTotp(
  tx: Transaction,
  { accountId, begunBy }: Place,
  ring: KeyRing,
): Promise<void> {
  const { tenantId } = await lockAccount(tx, accountId);
  const id = randomUUID();
  const secret = new Secret({ size: 20 }).base32;
  const secretSealed = ring.seal(secret, secretContext({ id, tenantId }));
  await replaceUnconfirmed(tx, { accountId, begunBy, id, tenantId, secretSealed });
}

export type Enrolment = {
  /** In base32, as it is typed into an app. */
  secret: string;
  /** `otpauth://totp/…`, which opens an app on the same device. */
  uri: string;
  /** The same as a QR code, in SVG, to be read by a camera. */
  picture: string;
};

/**
 * What the app is to be told; undefined where nothing is being set up (any more).
 *
 * @param names how the app lists it: the community, and whose account it is there
 */
export async function pendingTotp(
  db: Queryable,
  place: Place,
  names: { issuer: string; label: string },
  ring: KeyRing,
): Promise<Enrolment | undefined> {
  const pending = await unconfirmedTotp(db, place, enrolmentMinutes);
  if (!pending) return undefined;
  const { default: encodeQR } = await import('qr');
  const secret = open(pending, ring);
  const uri = new TOTP({ ...shape, ...names, secret }).toString();
  return { secret: secret.base32, uri, picture: encodeQR(uri, 'svg', { border: quietZone }) };
}

/**
 * The first right code puts the new secret in the place of the one before, if there was one. The caller
 * has counted the try.
 *
 * @returns false for a wrong code
 * @throws AppError `enrolment_expired` (409), `account_not_found` (404)
 */
export async function confirmTotp(
  tx: Transaction,
  { code, begunBy, ...change }: Change & { begunBy: string; code: string },
  { ring, ...telling }: Telling & { ring: KeyRing },
): Promise<boolean> {
  const account = await lockAccount(tx, change.accountId);
  const pending = await unconfirmedTotp(tx, { accountId: account.id, begunBy }, enrolmentMinutes);
  if (!pending) throw new AppError('enrolment_expired');
  const step = stepOf(pending, code, ring);
  if (step === undefined) return false;
  await confirm(tx, { accountId: account.id, id: pending.id, step });
  await factorsChanged(tx, { account, actor: change.actor, change: 'totp_added' }, telling);
  return true;
}

/**
 * Uses a code up. Each counts once, and none that is older than one that was used. The caller has
 * counted the try.
 *
 * @returns whether it was right
 */
export async function useTotp(
  tx: Queryable,
  { accountId, code }: { accountId: string; code: string },
  ring: KeyRing,
): Promise<boolean> {
  const credential = await confirmedTotp(tx, accountId);
  const step = credential && stepOf(credential, code, ring);
  return step !== undefined && useStep(tx, credential?.id as string, step);
}

/**
 * Where no second factor is left, recovery codes go as well.
 *
 * @throws AppError `account_not_found` (404)
 */
export async function removeTotp(tx: Transaction, change: Change, telling: Telling): Promise<void> {
  const account = await lockAccount(tx, change.accountId);
  if (!(await deleteTotp(tx, account.id))) return;
  await endUselessCodes(tx, account.id);
  await factorsChanged(tx, { account, actor: change.actor, change: 'totp_removed' }, telling);
}

/** The period whose code this is, of those that count now. */
function stepOf(credential: TotpCredential, typed: string, ring: KeyRing): number | undefined {
  const totp = new TOTP({ ...shape, secret: open(credential, ring) });
  const token = withoutUnseen(typed).replace(/\p{Pd}/gu, '');
  const timestamp = Date.now();
  const delta = totp.validate({ token, timestamp, window: drift });
  return delta === null ? undefined : totp.counter({ timestamp }) + delta;
}

function open(credential: TotpCredential, ring: KeyRing): Secret {
  const secret = ring.open(credential.secretSealed, secretContext(credential)).toString();
  return Secret.fromBase32(secret);
}
