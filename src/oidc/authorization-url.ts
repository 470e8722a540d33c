/** Where an authorization request that was read before can be made once more. */
export function authorizationUrl(params: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (typeof value === 'string') query.set(name, value);
  }
  return `/oidc/auth?${query}`;
}
