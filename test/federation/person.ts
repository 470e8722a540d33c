import { randomBytes } from 'node:crypto';

/** What a provider says of somebody. */
export type Claims = Record<string, unknown>;

/** Somebody with an account elsewhere, whom nobody else is. */
export function stranger(
  claims: Claims = {},
): Claims & { sub: string; email: string; name: string } {
  const id = randomBytes(5).toString('hex');
  return {
    sub: id,
    email: `g${id}@gmail.com`,
    email_verified: true,
    name: 'Grace Hopper',
    ...claims,
  } as Claims & { sub: string; email: string; name: string };
}

/** What Google says of an account at an organisation of its own, for whose addresses it speaks. */
export function atWorkspace(email: string): Claims {
  return { email, hd: email.slice(email.lastIndexOf('@') + 1) };
}
