import { randomUUID } from 'node:crypto';
import type {
  PublicKeyCredentialCreationOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import type { Account } from '../accounts/account.ts';
import { lockAccount } from '../accounts/accounts.store.ts';
import type { Database, Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { factorsChanged, type Telling } from './factors.ts';
import { challengeIn, userHandleOf, webAuthn } from './passkey-data.ts';
import { makerOf } from './passkey-names.ts';
import { insertPasskey, type Passkey, passkeysOf } from './passkeys.store.ts';
import type { RelyingParty } from './relying-party.ts';
import { challengeMinutes, keepChallenge, takeChallenge } from './webauthn-challenges.store.ts';

/** For an account. */
export const mostPasskeys = 20;

/** EdDSA, ES256 and RS256: one of them each authenticator knows, and each runtime. */
const algorithms = [-8, -7, -257];

type Place = Pick<Account, 'id' | 'tenantId'> & {
  /** A fingerprint of the browser in which it is made. */
  browser: string;
};

const ceremonyOf = ({ id, tenantId, browser }: Place) =>
  ({ purpose: 'add', browser, tenantId, subject: id }) as const;

/**
 * What the browser is to be asked for: a passkey that can be found without a name, that verifies its
 * user, and on no authenticator that has one of the account already.
 *
 * @param account `handle` and `name` are what the authenticator lists it by
 * @throws AppError `too_many_passkeys` (409)
 */
export async function beginPasskey(
  db: Queryable,
  account: Place & { handle: string; name: string; community: string },
  party: RelyingParty,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const existing = await passkeysOf(db, account.id);
  if (existing.length >= mostPasskeys) throw new AppError('too_many_passkeys');
  const { generateRegistrationOptions } = await webAuthn();
  const options = await generateRegistrationOptions({
    rpID: party.id,
    rpName: account.community,
    userID: userHandleOf(account.id),
    userName: `@${account.handle}`,
    userDisplayName: account.name,
    timeout: challengeMinutes * 60_000,
    attestationType: 'none',
    excludeCredentials: existing.map(({ credentialId: id, transports }) => ({ id, transports })),
    supportedAlgorithmIDs: algorithms,
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  });
  await keepChallenge(db, ceremonyOf(account), options.challenge);
  return options;
}

/**
 * Keeps what the browser has made. How many there may be is decided while the account is locked: two at
 * once wait for each other.
 *
 * @param place.device what it is called where its maker is not known
 * @param place.actor who does it, for the audit: the account itself unless given
 * @throws AppError `passkey_refused` (422) for an answer that is not one to our question, or to one that
 *   was answered before; `too_many_passkeys` (409); `account_not_found` (404)
 */
export async function addPasskey(
  database: Database,
  { device, actor, ...place }: Place & { device: string; actor?: string },
  answer: RegistrationResponseJSON,
  { party, ...telling }: Telling & { party: RelyingParty },
): Promise<Passkey['id']> {
  const challenge = challengeIn(answer);
  if (!challenge || !(await takeChallenge(database, ceremonyOf(place), challenge))) {
    throw new AppError('passkey_refused');
  }
  const made = await verified(answer, challenge, party);
  const passkey = { ...made, id: randomUUID(), name: makerOf(made.aaguid) ?? device };
  await database.transaction(async (tx) => {
    const account = await lockAccount(tx, place.id);
    if (account.status !== 'active') throw new AppError('account_not_found');
    if ((await passkeysOf(tx, account.id)).length >= mostPasskeys) {
      throw new AppError('too_many_passkeys');
    }
    const owner = { accountId: account.id, tenantId: account.tenantId };
    // One that is somebody else's already is no passkey of this account (WebAuthn §7.1).
    if (!(await insertPasskey(tx, { ...passkey, ...owner }))) throw new AppError('passkey_refused');
    await factorsChanged(tx, { account, actor, change: 'passkey_added' }, telling);
  });
  return passkey.id;
}

/** @throws AppError `passkey_refused` (422) */
async function verified(answer: RegistrationResponseJSON, challenge: string, party: RelyingParty) {
  const { verifyRegistrationResponse } = await webAuthn();
  const { registrationInfo: info } = await verifyRegistrationResponse({
    response: answer,
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
    supportedAlgorithmIDs: algorithms,
  }).catch((cause) => {
    throw new AppError('passkey_refused', { cause });
  });
  if (!info) throw new AppError('passkey_refused');
  const { credential, aaguid, credentialDeviceType, credentialBackedUp } = info;
  return {
    aaguid,
    credentialId: credential.id,
    publicKey: credential.publicKey,
    counter: credential.counter,
    transports: credential.transports ?? [],
    isBound: credentialDeviceType === 'singleDevice',
    isSynced: credentialBackedUp,
  };
}
