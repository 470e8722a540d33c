import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ClientDirectory } from '../clients/directory.ts';
import { accountClientId } from '../clients/own-clients.ts';
import { claimsOfScopes } from './claims.ts';

type Grant = InstanceType<KoaContextWithOIDC['oidc']['provider']['Grant']>;

/**
 * The Grant that this session already has for the client, or for our own applications a new one
 * that covers what they ask for: only others need consent.
 */
export function createLoadExistingGrant({ clients }: { clients: ClientDirectory }) {
  return async (ctx: KoaContextWithOIDC) => {
    const { oidc } = ctx;
    if (!oidc.client || !oidc.session || !oidc.account) return undefined;
    const clientId = oidc.client.clientId;
    const grantId = oidc.result?.consent?.grantId ?? oidc.session.grantIdFor(clientId);
    const existing = grantId ? await oidc.provider.Grant.find(grantId) : undefined;
    const own =
      existing?.accountId === oidc.account.accountId && existing.clientId === clientId
        ? existing
        : undefined;
    const client = await clients.find(clientId);
    // A first-party client without a secret could be anybody, but for the account page: the answer
    // comes to our own origin, and its code is never redeemed.
    const ours = client?.tokenEndpointAuthMethod !== 'none' || clientId === accountClientId;
    if (!client?.firstParty || !ours) return coverClaimsOfScopes(ctx, own);
    return coverRequest(ctx, own);
  };
}

async function coverRequest(ctx: KoaContextWithOIDC, existing: Grant | undefined) {
  const { oidc } = ctx;
  const grant =
    existing ??
    new oidc.provider.Grant({
      accountId: oidc.account?.accountId as string,
      clientId: oidc.client?.clientId as string,
    });
  const granted = new Set(grant.getOIDCScope().split(' '));
  const missing = [...oidc.requestParamOIDCScopes].filter((scope) => !granted.has(scope));
  const claimed = new Set(grant.getOIDCClaims());
  const claims = [...oidc.requestParamClaims].filter((claim) => !claimed.has(claim));
  if (existing && missing.length === 0 && claims.length === 0) return existing;
  if (missing.length > 0) grant.addOIDCScope(missing.join(' '));
  if (claims.length > 0) grant.addOIDCClaims(claims);
  await grant.save();
  return grant;
}

/** Whoever allowed a scope is not asked again when its claims are asked for one by one. */
async function coverClaimsOfScopes({ oidc }: KoaContextWithOIDC, grant: Grant | undefined) {
  const brought = claimsOfScopes(grant?.getOIDCScope().split(' ') ?? []);
  const known = new Set(grant?.getOIDCClaims());
  const claims = [...oidc.requestParamClaims].filter((c) => brought.has(c) && !known.has(c));
  if (!grant || claims.length === 0) return grant;
  grant.addOIDCClaims(claims);
  await grant.save();
  return grant;
}
