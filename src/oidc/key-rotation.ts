import type { Database, Queryable } from '../database/database.ts';
import { rotateClientKeys } from '../federation/client-keys.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { publishedKeys, type SigningKey } from './keys.store.ts';
import { replaceCompromisedKeys, rotateKeys } from './keys.ts';

/** A published key: it signs, will sign, or only serves tokens that it signed. */
export type ListedKey = Omit<SigningKey, 'sealed'> & { state: 'signs' | 'next' | 'retiring' };

type Dependencies = { database: Database; ring: KeyRing };

export async function listKeys(db: Queryable): Promise<ListedKey[]> {
  const keys = await publishedKeys(db);
  const now = new Date();
  return keys.map(({ sealed: _sealed, ...key }) => {
    const newest = keys.find(({ alg, signsFrom }) => alg === key.alg && signsFrom <= now);
    if (key.signsFrom > now) return { ...key, state: 'next' };
    return { ...key, state: newest?.kid === key.kid ? 'signs' : 'retiring' };
  });
}

/** Those by which other providers know us are changed with them. @returns the new signing keys */
export async function rotateAllKeys(
  { database, ring }: Dependencies,
  { signsInSeconds, actor }: { signsInSeconds: number; actor: string },
): Promise<ListedKey[]> {
  await rotateClientKeys({ database, ring }, { signsIn: signsInSeconds * 1000 });
  const kids = await rotateKeys(database, ring, signsInSeconds, actor);
  return (await listKeys(database)).filter(({ kid }) => kids.includes(kid));
}

/**
 * The same where somebody else may have the keys: the old ones are neither used nor believed any
 * more, at the cost of sign-ins that are on their way right now.
 */
export async function replaceAllKeys(
  { database, ring }: Dependencies,
  { actor }: { actor: string },
): Promise<ListedKey[]> {
  await rotateClientKeys({ database, ring }, { signsIn: 0, dropOthers: true });
  await replaceCompromisedKeys(database, ring, actor);
  return listKeys(database);
}
