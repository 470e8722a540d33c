import type { Cli } from '../cli/run.ts';
import { rotateClientKeys } from '../federation/client-keys.ts';
import { publishedKeys, type SigningKey } from './keys.store.ts';
import { replaceCompromisedKeys, rotateKeys } from './keys.ts';

/** A published key: it signs, will sign, or only serves tokens that it signed. */
export type ListedKey = Omit<SigningKey, 'sealed'> & { state: 'signs' | 'next' | 'retiring' };

export async function listKeys({ database }: Pick<Cli, 'database'>): Promise<ListedKey[]> {
  const keys = await publishedKeys(database);
  const now = new Date();
  return keys.map(({ sealed: _sealed, ...key }) => {
    const newest = keys.find(({ alg, signsFrom }) => alg === key.alg && signsFrom <= now);
    if (key.signsFrom > now) return { ...key, state: 'next' };
    return { ...key, state: newest?.kid === key.kid ? 'signs' : 'retiring' };
  });
}

/** Those by which other providers know us are changed with them. @returns the new signing keys */
export async function rotate(
  { database, ring }: Cli,
  signsInSeconds: number,
): Promise<ListedKey[]> {
  await rotateClientKeys({ database, ring }, { signsIn: signsInSeconds * 1000 });
  const kids = await rotateKeys(database, ring, signsInSeconds, 'operator');
  return (await listKeys({ database })).filter(({ kid }) => kids.includes(kid));
}

/**
 * The same where somebody else may have the keys: the old ones are neither used nor believed any
 * more, at the cost of sign-ins that are on their way right now.
 */
export async function replaceCompromised({ database, ring }: Cli): Promise<ListedKey[]> {
  await rotateClientKeys({ database, ring }, { signsIn: 0, dropOthers: true });
  await replaceCompromisedKeys(database, ring, 'operator');
  return listKeys({ database });
}
