import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { record } from '../audit/events.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import * as store from './keys.store.ts';

/** Days after which the schedule makes a new key. */
export const rotateAfterDays = 90;
/** A new key is published for a day before it signs, so that every cache has seen it. */
const publishAheadSeconds = 24 * 3600;
/** ID tokens live an hour; a retired key stays published for a day after its successor signs. */
const overlapSeconds = 24 * 3600;

/** Private JWKs in the order the provider wants them: the first of each algorithm signs. */
export async function loadSigningKeys(database: Database, ring: KeyRing): Promise<JWK[]> {
  const rows = await store.publishedKeys(database);
  return rows.map(({ kid, alg, sealed }) => ({
    ...(JSON.parse(ring.open(sealed, store.sealContext(kid)).toString()) as JWK),
    kid,
    alg,
    use: 'sig',
  }));
}

/**
 * Makes what is missing at first start: one RS256 and one ES256 key that sign at once. Instances
 * that start together agree, because they take turns.
 */
export async function ensureSigningKeys(database: Database, ring: KeyRing): Promise<void> {
  const missing = await store.algorithmsDue(database, 100_000);
  if (missing.length === 0) return;
  await database.transaction(async (tx) => {
    await store.lockKeys(tx);
    for (const alg of await store.algorithmsDue(tx, 100_000)) await addKey(tx, ring, alg, 0);
  });
}

/** The scheduled rotation; does nothing while the newest keys are young enough. */
export async function rotateDueKeys(database: Database, ring: KeyRing): Promise<void> {
  if ((await store.algorithmsDue(database, rotateAfterDays)).length === 0) return;
  await database.transaction(async (tx) => {
    await store.lockKeys(tx);
    for (const alg of await store.algorithmsDue(tx, rotateAfterDays)) {
      await addKey(tx, ring, alg, publishAheadSeconds);
    }
  });
}

/**
 * Makes a new key for every algorithm now. It signs after `signsInSeconds`, long enough for every
 * instance to publish it first.
 *
 * @returns the new key ids
 */
export async function rotateKeys(
  database: Database,
  ring: KeyRing,
  signsInSeconds: number,
  actor = 'system',
): Promise<string[]> {
  return database.transaction(async (tx) => {
    await store.lockKeys(tx);
    return addKeys(tx, ring, signsInSeconds, actor);
  });
}

/**
 * Makes new keys that sign at once. The others leave the JWKS now, and nothing that they signed
 * counts: somebody else may have signed it.
 *
 * @returns the new key ids
 */
export async function replaceCompromisedKeys(
  database: Database,
  ring: KeyRing,
  actor = 'system',
): Promise<string[]> {
  return database.transaction(async (tx) => {
    await store.lockKeys(tx);
    const kids = await addKeys(tx, ring, 0, actor);
    await store.discardOthers(tx, kids);
    await record(tx, { action: 'signing_keys.compromised', actor });
    return kids;
  });
}

async function addKeys(
  tx: Transaction,
  ring: KeyRing,
  signsInSeconds: number,
  actor: string,
): Promise<string[]> {
  const kids = [];
  for (const alg of ['RS256', 'ES256'] as const) {
    kids.push(await addKey(tx, ring, alg, signsInSeconds, actor));
  }
  return kids;
}

async function addKey(
  tx: Transaction,
  ring: KeyRing,
  alg: store.SigningAlg,
  signsInSeconds: number,
  actor = 'system',
): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair(alg, {
    extractable: true,
    modulusLength: 2048,
  });
  const publicJwk = await exportJWK(publicKey);
  // RFC 7638: Synapse reloads the JWKS for an unknown `kid`, never for a changed key under an old one.
  const kid = await calculateJwkThumbprint(publicJwk);
  const sealed = ring.seal(JSON.stringify(await exportJWK(privateKey)), store.sealContext(kid));
  await store.insertKey(tx, { kid, alg, sealed, publicJwk, signsInSeconds });
  await store.retireOthers(tx, kid, alg, signsInSeconds + overlapSeconds);
  await record(tx, {
    action: 'signing_key.created',
    actor,
    target: kid,
    detail: { alg, signsInSeconds },
  });
  return kid;
}
