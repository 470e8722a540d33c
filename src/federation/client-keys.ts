import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Database } from '../database/database.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import * as store from './client-keys.store.ts';

/**
 * A key of ours with which we sign in at authorization servers (`private_key_jwt`): those of Bluesky
 * and of its kind, and the providers of tenants that want it. An assertion names whom it is for, so
 * one set of keys does for all.
 */
export type ClientKey = {
  /** Private, with its `kid`. */
  jwk: JWK;
  /** Times in ms since 1970. */
  createdAt: number;
  signsFrom: number;
  retiresAt?: number;
};

type Parts = { database: Database; ring: KeyRing };

export const jwksPath = '/oauth/jwks.json';

const day = 24 * 3_600_000;
const rotateAfter = 90 * day;
/** Servers that have our keys in a cache see a new one before it signs, and keep an old one. */
const overlap = day;

/** Loads what is kept and makes the first key where there is none; instances agree. */
export async function loadClientKeys({ database, ring }: Parts): Promise<ClientKey[]> {
  const kept = await store.sealedKeys(database);
  if (kept !== undefined) return open(ring, kept);
  await store.insertKeys(database, seal(ring, [await newKey(Date.now(), 0)]));
  return open(ring, (await store.sealedKeys(database)) as string);
}

/** Those to publish, the one that signs first. */
export function keysInUse(keys: ClientKey[], now = Date.now()): JWK[] {
  const published = keys.filter(({ retiresAt = Number.POSITIVE_INFINITY }) => retiresAt > now);
  const signing = published.filter(({ signsFrom }) => signsFrom <= now);
  const coming = published.filter(({ signsFrom }) => signsFrom > now);
  return [...signing.sort((a, b) => b.signsFrom - a.signsFrom), ...coming].map(({ jwk }) => jwk);
}

/** The keys to publish, without their private parts. */
export async function publicKeys(parts: Parts): Promise<JWK[]> {
  const keys = keysInUse(await loadClientKeys(parts));
  return keys.map(({ kty, crv, x, y, kid, alg }) => ({ kty, crv, x, y, kid, alg, use: 'sig' }));
}

/** The one that signs now. */
export async function signingKey(parts: Parts): Promise<JWK> {
  return keysInUse(await loadClientKeys(parts))[0] as JWK;
}

/** The scheduled rotation; does nothing while the newest key is young enough. */
export async function rotateDueClientKeys(parts: Parts, now = Date.now()): Promise<void> {
  const kept = await store.sealedKeys(parts.database);
  if (kept === undefined || !isDue(open(parts.ring, kept), now)) return;
  await rotateClientKeys(parts, { now, onlyDue: true });
}

/**
 * Makes a new key, that signs in a day unless told otherwise, and lets the others go a day after
 * that. Where there is none yet, the first sign-in makes it.
 *
 * @param signsIn in ms. Within ten minutes servers may still know the old keys only: sign-in by them
 *   fails for that time.
 * @param dropOthers when somebody else may have them
 */
export async function rotateClientKeys(
  { database, ring }: Parts,
  { now = Date.now(), onlyDue = false, signsIn = overlap, dropOthers = false } = {},
): Promise<void> {
  await database.transaction(async (tx) => {
    const kept = await store.lockKeys(tx);
    if (kept === undefined) return;
    const keys = open(ring, kept);
    if (onlyDue && !isDue(keys, now)) return;
    const successor = await newKey(now, signsIn);
    const others = dropOthers
      ? []
      : keys
          .filter(({ retiresAt = Number.POSITIVE_INFINITY }) => retiresAt > now)
          .map((key) => ({ ...key, retiresAt: key.retiresAt ?? successor.signsFrom + overlap }));
    await store.updateKeys(tx, seal(ring, [successor, ...others]));
  });
}

function isDue(keys: ClientKey[], now: number): boolean {
  return keys.every(({ createdAt }) => createdAt < now - rotateAfter);
}

async function newKey(createdAt: number, signsIn: number): Promise<ClientKey> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { jwk: { ...jwk, kid, alg: 'ES256' }, createdAt, signsFrom: createdAt + signsIn };
}

function seal(ring: KeyRing, keys: ClientKey[]): string {
  return ring.seal(JSON.stringify(keys), store.sealContext);
}

function open(ring: KeyRing, sealed: string): ClientKey[] {
  return JSON.parse(ring.open(sealed, store.sealContext).toString());
}
