/** Lifetimes of what the provider issues, in seconds. */
export const lifetimes = {
  AccessToken: 3600,
  AuthorizationCode: 60,
  ClientCredentials: 600,
  DeviceCode: 600,
  IdToken: 3600,
  Interaction: 3600,
  RefreshToken: 30 * 24 * 3600,
  Grant: 30 * 24 * 3600,
  Session: 30 * 24 * 3600,
};

/** How long a sign-in counts as a proof for what changes who gets into the account, in seconds. */
export const proofSeconds = 10 * 60;
