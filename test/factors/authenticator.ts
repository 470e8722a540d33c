import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';

/** What a browser at this page says of it. */
export type Place = { origin: string; rpId: string };

/** A credential that an authenticator made, with all that it takes to use it, rightly or not. */
export type Credential = {
  id: string;
  privateKey: KeyObject;
  userHandle: string;
  isBound: boolean;
  counter: number;
};

type Lies = Partial<Place> & {
  challenge?: string;
  /** `false` where somebody only touched it. */
  verified?: boolean;
  counter?: number;
  userHandle?: string;
  id?: string;
  type?: string;
  isBound?: boolean;
};

const flags = { present: 1, verified: 4, syncable: 8, synced: 16, withCredential: 64 };

/** Makes a credential as an honest authenticator does, but for what it is told to lie about. */
export function makeCredential(
  options: Pick<PublicKeyCredentialCreationOptionsJSON, 'challenge' | 'user'>,
  place: Place,
  lies: Lies & { aaguid?: string } = {},
): { credential: Credential; response: RegistrationResponseJSON } {
  const { isBound = false, counter = 0, aaguid = '00000000-0000-0000-0000-000000000000' } = lies;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const id = lies.id ?? randomBytes(32).toString('base64url');
  const data = Buffer.concat([
    authenticatorData({ ...place, ...lies, isBound, counter }, flags.withCredential),
    Buffer.from(aaguid.replaceAll('-', ''), 'hex'),
    lengthOf(Buffer.from(id, 'base64url')),
    Buffer.from(id, 'base64url'),
    coseOf(publicKey),
  ]);
  const response: RegistrationResponseJSON = {
    ...{ id, rawId: id, type: 'public-key', clientExtensionResults: {} },
    response: {
      clientDataJSON: clientData('webauthn.create', { ...options, ...place, ...lies }),
      attestationObject: attestation(data).toString('base64url'),
      transports: ['internal'],
    },
  };
  const userHandle = options.user.id;
  return { credential: { id, privateKey, userHandle, isBound, counter }, response };
}

/** Signs in with it. The counter of a credential that has one goes on. */
export function useCredential(
  options: Pick<PublicKeyCredentialRequestOptionsJSON, 'challenge'>,
  credential: Credential,
  place: Place,
  lies: Lies = {},
): AuthenticationResponseJSON {
  if (credential.counter > 0) credential.counter += 1;
  const { id, userHandle } = { ...credential, ...lies };
  const data = authenticatorData({ ...credential, ...place, ...lies }, 0);
  const clientDataJSON = clientData('webauthn.get', { ...options, ...place, ...lies });
  const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
  return {
    ...{ id, rawId: id, type: 'public-key', clientExtensionResults: {} },
    response: {
      clientDataJSON,
      authenticatorData: data.toString('base64url'),
      signature: sign('sha256', signed, credential.privateKey).toString('base64url'),
      userHandle,
    },
  };
}

function clientData(
  type: string,
  { challenge, origin, ...lies }: { challenge: string; origin: string; type?: string },
): string {
  const data = { type: lies.type ?? type, challenge, origin, crossOrigin: false };
  return Buffer.from(JSON.stringify(data)).toString('base64url');
}

/** WebAuthn §6.1. */
function authenticatorData(
  said: { rpId: string; verified?: boolean; isBound: boolean; counter: number },
  more: number,
): Buffer {
  const verified = said.verified === false ? 0 : flags.verified;
  const synced = said.isBound ? 0 : flags.syncable | flags.synced;
  const counter = Buffer.alloc(4);
  counter.writeUInt32BE(said.counter);
  return Buffer.concat([
    sha256(said.rpId),
    Buffer.from([flags.present | verified | synced | more]),
    counter,
  ]);
}

/** RFC 9052, for ES256. */
function coseOf(publicKey: KeyObject): Buffer {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'),
    Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'),
    Buffer.from(y, 'base64url'),
  ]);
}

/** WebAuthn §8.7: nobody vouches for the authenticator. In CBOR. */
function attestation(data: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from([0xa3]),
    ...[text('fmt'), text('none'), text('attStmt'), Buffer.from([0xa0]), text('authData')],
    ...[Buffer.from([0x59]), lengthOf(data), data],
  ]);
}

const text = (value: string) => Buffer.from([0x60 + value.length, ...Buffer.from(value)]);

function lengthOf(data: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(data.length);
  return length;
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();
