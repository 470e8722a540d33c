/**
 * Everything that is fingerprinted, and what becomes of it when another root comes on top: `renewed`
 * where it is stored, `dropped` with its row because it lasts minutes, or kept as it is because it lies
 * in browsers (`theirs`) or in hashes that cannot be made again (`lasting`). Nothing is forgotten: a
 * purpose that is not here does not compile.
 */
export const purposes = {
  'account merge': 'dropped',
  'account sign-in': 'dropped',
  'atproto-lock': 'dropped',
  'atproto-request': 'dropped',
  'atproto-session': 'dropped',
  'audit commitment': 'dropped',
  'audit seal': 'dropped',
  browser: 'dropped',
  'client-secret': 'renewed',
  'code browser': 'dropped',
  'code guesses': 'renewed',
  'code subject': 'dropped',
  cookies: 'theirs',
  'email code': 'dropped',
  'email link': 'renewed',
  'handle holder': 'renewed',
  handoff: 'dropped',
  'idempotency key': 'renewed',
  'idempotent request': 'renewed',
  invitation: 'renewed',
  'known browser': 'renewed',
  'lost factors': 'renewed',
  'mail-recipient': 'renewed',
  'merge proof': 'dropped',
  network: 'dropped',
  'oidc:id': 'renewed',
  'oidc:row': 'dropped',
  'oidc:seen': 'renewed',
  'oidc:user-code': 'dropped',
  'password salt': 'lasting',
  'rate limit': 'renewed',
  'recovery code': 'renewed',
  'remembered browser': 'dropped',
  'sign-up request': 'renewed',
  'upstream request': 'dropped',
} as const;

export type Purpose = keyof typeof purposes;
