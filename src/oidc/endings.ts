/**
 * Why a sign-in ended without one, as the application is told: RFC 6749 §4.1.2.1 has the one code
 * `access_denied` for whoever turned back and whoever was refused, so the description says which.
 * Synapse's error page knows these words (`synapse/templates/errors.html`).
 */
export const endings = {
  cancelled: 'The person cancelled the sign-in.',
  consent_denied: 'The person did not allow it.',
  account_unavailable: 'This account may not sign in here.',
  account_unknown: 'This account is not signed in any more.',
  matrix_access_revoked: 'Access to Matrix was switched off for this account.',
  sign_up_closed: 'The community takes no new accounts.',
  sign_up_domain: 'The community takes no accounts with an address of this domain.',
  way_not_offered: 'The community takes no accounts that sign in this way.',
  invitation_for_another: 'The invitation is for another address.',
  invitation_used_up: 'The invitation was used already.',
  invitation_ended: 'The invitation has ended.',
  recovery_outdated: 'The recovery of the account was overtaken by another change.',
  identity_taken: 'This way to sign in is connected to another account.',
  request_waiting: 'The request to join the community waits for an answer.',
  request_refused: 'The request to join the community was declined.',
} as const;

export type Ending = keyof typeof endings;

export function isEnding(code: unknown): code is Ending {
  return typeof code === 'string' && Object.hasOwn(endings, code);
}

/** Below a step's own address: back to the application, which is told why. */
export function endingPath(ending: Ending): string {
  return `cancel?${new URLSearchParams({ because: ending })}`;
}
