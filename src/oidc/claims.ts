import { type ClaimsParameterMember, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { type SignInScope, signInScopes } from '../clients/scopes.ts';
import { isTooDeep } from '../http/nesting.ts';

/** The claims of each scope (OIDC Core 5.4, and `tenant` for what Synapse needs of ours). */
export const claimsByScope = {
  openid: ['sub'],
  profile: [
    'name',
    'picture',
    'locale',
    'updated_at',
    'preferred_username',
    'matrix_handle',
    'roles',
    'groups',
  ],
  email: ['email', 'email_verified'],
  tenant: ['tenant_id', 'tenant_domain'],
} as const satisfies Record<Exclude<SignInScope, 'offline_access'>, readonly string[]>;

/** Of the sign-in and not of the person: no scope brings them and nobody is asked about them. */
export const signInClaims = ['acr', 'amr', 'auth_time', 'iss', 'sid'] as const;

/** What a client may be told of a person, whichever way it asks: the claims of its scopes. */
export function claimsOfScopes(scopes: readonly string[]): Set<string> {
  return new Set(
    Object.entries(claimsByScope).flatMap(([scope, claims]) =>
      scopes.includes(scope) ? claims : [],
    ),
  );
}

type Members = Record<string, ClaimsParameterMember | null>;
type AskedClaims = { userinfo?: Members; id_token?: Members };

/**
 * Leaves out of a request's `claims` what its client may never be told, before anything is decided
 * by it. That is no error (OIDC Core 5.5.1): such claims just do not come.
 *
 * @throws InvalidRequest where it is nested like no request
 */
export function limitAskedClaims(ctx: KoaContextWithOIDC, asked: AskedClaims): void {
  if (isTooDeep(asked)) throw new errors.InvalidRequest('claims is nested too deeply');
  const { params, client } = ctx.oidc;
  const own = claimsOfScopes(client?.scope?.split(' ') ?? []);
  const kept = new Set<string>([...own, ...signInClaims]);
  const limited = Object.entries(asked).map(([place, members]) => [
    place,
    Object.fromEntries(Object.entries(members ?? {}).filter(([claim]) => kept.has(claim))),
  ]);
  if (params) params.claims = JSON.stringify(Object.fromEntries(limited));
}

/** What a request asks for beyond its scopes, claim by claim (OIDC Core 5.5). */
export function claimsBeyondScopes(params: { scope?: unknown; claims?: unknown }): string[] {
  const asked = JSON.parse(String(params.claims ?? '{}')) as AskedClaims;
  const brought = claimsOfScopes(scopesOf(params));
  const singly = [asked.id_token, asked.userinfo].flatMap((members) => Object.keys(members ?? {}));
  return [...new Set(singly)].filter(
    (claim) =>
      !brought.has(claim) &&
      claim !== 'sub' &&
      !(signInClaims as readonly string[]).includes(claim),
  );
}

/** The scopes of a request that are about a person. */
export function scopesOf({ scope }: { scope?: unknown }): string[] {
  return String(scope ?? '')
    .split(' ')
    .filter((one) => signInScopes.some((scope) => scope === one));
}
