/** Scopes of sign-ins: those of OIDC Core 5.4 and 11, and `tenant` for what Synapse needs of ours. */
export const signInScopes = ['openid', 'profile', 'email', 'tenant', 'offline_access'] as const;

export type SignInScope = (typeof signInScopes)[number];

/** Scopes of `/internal`, each with what it allows. Only operator-made clients can hold them. */
export const internalScopes: ReadonlyMap<string, string> = new Map([
  ['handles:read', 'Ask whether a handle is free'],
  ['accounts:read', 'Look up accounts of the tenant'],
  ['accounts:write', "Set the platform's user id and slug of an account"],
  ['guests:write', 'Make guests: people known by name and address only'],
  ['handoff:write', 'Hand a signed-in user over to a Matrix client'],
  ['rooms:read', 'Look up rooms and who should be in them'],
  ['rooms:write', 'Tell of entities: make, change, link and delete their rooms'],
  ['members:write', 'Say who belongs to an entity and as what'],
  ['events:write', 'Report what happened to entities and their members'],
  ['access:write', "Take somebody's Matrix access away and give it back"],
]);

/** Scopes of `/admin/api/v1`. How far they reach is that of the client: its tenants, or all. */
export const adminScopes: ReadonlyMap<string, string> = new Map([
  ['admin:read', 'See what an administrator of the tenant sees'],
  ['admin:write', 'Do what an administrator of the tenant may do'],
]);

/** Our own APIs by path. Each is a resource server (RFC 8707) with scopes of its own. */
export const scopesByApi: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ['/internal', internalScopes],
  ['/admin/api/v1', adminScopes],
]);

/** Of any of our APIs: clients get such scopes for themselves, never for a person who signs in. */
export const apiScopes: ReadonlyMap<string, string> = new Map(
  [...scopesByApi.values()].flatMap((scopes) => [...scopes]),
);
