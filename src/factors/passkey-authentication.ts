import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import { record } from '../audit/events.ts';
import type { Queryable } from '../database/database.ts';
import { challengeIn, userHandleOf, webAuthn } from './passkey-data.ts';
import { notePasskeyUse, type Passkey, usablePasskey } from './passkeys.store.ts';
import type { RelyingParty } from './relying-party.ts';
import {
  type Ceremony,
  challengeMinutes,
  keepChallenge,
  takeChallenge,
} from './webauthn-challenges.store.ts';

/** The sign-in in which a passkey is used. */
export type PasskeySignIn = Pick<Ceremony, 'browser' | 'tenantId'> & {
  signInId: string;
  clientId: string;
};

const ceremonyOf = ({ signInId, browser, tenantId }: PasskeySignIn): Ceremony => ({
  ...{ purpose: 'sign-in', browser, tenantId },
  subject: signInId,
});

/** What the browser is to be asked for: any passkey of ours, and that it verifies its user. */
export async function askForPasskey(
  db: Queryable,
  signIn: PasskeySignIn,
  party: RelyingParty,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const { generateAuthenticationOptions } = await webAuthn();
  const options = await generateAuthenticationOptions({
    rpID: party.id,
    timeout: challengeMinutes * 60_000,
    userVerification: 'required',
  });
  await keepChallenge(db, ceremonyOf(signIn), options.challenge);
  return options;
}

/** Whose it is, and whether it is bound to one device (`hwk`, RFC 8176) or may be synced (`swk`). */
export type UsedPasskey = Pick<Passkey, 'accountId' | 'tenantId'> & { method: 'hwk' | 'swk' };

/**
 * Takes the answer to `askForPasskey`, once. Must be asked outside of transactions.
 *
 * @returns undefined for one that proves nothing here: of an account that may not sign in, of another
 *   tenant, without a verified user, not made for us, or with a counter that has gone back. What was
 *   tried with a passkey that we know is in the audit.
 */
export async function usePasskey(
  db: Queryable,
  signIn: PasskeySignIn,
  answer: AuthenticationResponseJSON,
  party: RelyingParty,
): Promise<UsedPasskey | undefined> {
  const challenge = challengeIn(answer);
  if (!challenge || !(await takeChallenge(db, ceremonyOf(signIn), challenge))) return undefined;
  const passkey = await usablePasskey(db, answer.id, signIn.tenantId);
  if (!passkey) return undefined;
  const use = await verifiedUse(passkey, answer, { challenge, party });
  if (!use) return refuse(db, passkey, signIn, 'invalid');
  if (!(await notePasskeyUse(db, passkey.id, use))) return refuse(db, passkey, signIn, 'counter');
  const { accountId, tenantId, isBound } = passkey;
  return { accountId, tenantId, method: isBound ? 'hwk' : 'swk' };
}

async function verifiedUse(
  { credentialId: id, publicKey, accountId, isBound }: Passkey,
  answer: AuthenticationResponseJSON,
  { challenge, party }: { challenge: string; party: RelyingParty },
): Promise<Pick<Passkey, 'counter' | 'isSynced'> | undefined> {
  const handle = Buffer.from(userHandleOf(accountId)).toString('base64url');
  if (answer.response.userHandle !== handle) return undefined;
  const { verifyAuthenticationResponse } = await webAuthn();
  const result = await verifyAuthenticationResponse({
    response: answer,
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
    // The database decides about counters, as two may use a passkey at once: see `notePasskeyUse`.
    credential: { id, publicKey, counter: 0 },
  }).catch(() => undefined);
  if (!result?.verified) return undefined;
  const { newCounter, credentialDeviceType, credentialBackedUp } = result.authenticationInfo;
  // It is said once and for all when a passkey is made (WebAuthn §7.2).
  if ((credentialDeviceType === 'singleDevice') !== isBound) return undefined;
  return { counter: newCounter, isSynced: credentialBackedUp };
}

async function refuse(
  db: Queryable,
  { accountId: target, tenantId, id }: Passkey,
  { clientId }: PasskeySignIn,
  reason: 'invalid' | 'counter',
): Promise<undefined> {
  await record(db, {
    ...{ action: 'factor.refused', actor: 'nobody', outcome: 'failure' },
    ...{ tenantId, target, clientId },
    detail: { method: 'passkey', passkey: id, reason },
  });
}
