/** Lifetimes of what the provider issues, but for sessions, in seconds. */
export const lifetimes = {
  AccessToken: 3600,
  AuthorizationCode: 60,
  ClientCredentials: 600,
  DeviceCode: 600,
  IdToken: 3600,
  Interaction: 3600,
  RefreshToken: 30 * 24 * 3600,
  Grant: 30 * 24 * 3600,
};

/** How long a sign-in counts as a proof for what changes who gets into the account, in seconds. */
export const proofSeconds = 10 * 60;

/** How long after a proof an account that was put aside is entered by a press, in seconds. */
export const parkedProofSeconds = 7 * 24 * 3600;

/** How long a browser stays signed in, in seconds. */
export type SessionLimits = {
  /** Since it was last used. */
  idleSeconds: number;
  /** Since it began, or since the person last proved who they are, however much it is used. */
  maxSeconds: number;
};

/** @returns in seconds, below 1 for a session that is over however much it is used */
export function secondsLeft(
  session: { iat?: number; loginTs?: number },
  { maxSeconds }: SessionLimits,
): number {
  const now = Math.floor(Date.now() / 1000);
  const began = Math.max(session.iat ?? 0, session.loginTs ?? 0) || now;
  return began + maxSeconds - now;
}
