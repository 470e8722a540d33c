/** Scopes of `/internal`, each with what it allows. Only operator-made clients can hold them. */
export const internalScopes: ReadonlyMap<string, string> = new Map([
  ['handles:read', 'Ask whether a handle is free'],
  ['accounts:read', 'Look up accounts of the tenant'],
  ['accounts:write', "Set the platform's user id and slug of an account"],
]);
