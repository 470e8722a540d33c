import type { Account } from '../accounts/account.ts';
import type { Client } from '../clients/clients.store.ts';
import { serves } from '../clients/directory.ts';
import { accountClientId } from '../clients/own-clients.ts';
import { administrators } from '../entities/roles.ts';
import type { ErrorCode } from '../errors.ts';
import { requiresTwoSteps } from '../tenants/settings.ts';
import type { Tenant } from '../tenants/tenant.entity.ts';

/** Why an account may not be handed over. */
export const refusals = [
  'account_disabled',
  'account_not_linked',
  'account_without_handle',
  'account_administrator',
  'matrix_access_revoked',
  'second_factor_required',
] as const satisfies ErrorCode[];

export type Refusal = (typeof refusals)[number];

/**
 * Only people whom the platform knows by a name of its own are its to hand over, and those who can do
 * harm to others sign in themselves, and so does everybody where two steps are required. Asked at each
 * step, as any of it can change on the way.
 */
export function refusalOf(
  account: Account,
  tenant: Pick<Tenant, 'mfaRequiredFrom'>,
  target: Client,
): Refusal | undefined {
  const { status, platformUserId, platformSlug, handle, matrixAccess } = account;
  if (status !== 'active') return 'account_disabled';
  if (!platformUserId && !platformSlug) return 'account_not_linked';
  if (isOrWasAdministrator(account)) return 'account_administrator';
  if (requiresTwoSteps(tenant)) return 'second_factor_required';
  if (!handle) return 'account_without_handle';
  if (target.idpId && matrixAccess === 'revoked') return 'matrix_access_revoked';
  return undefined;
}

/**
 * For a day after such a role ended as well: else whoever may take it, and give it again, hands an
 * administrator over in between.
 */
function isOrWasAdministrator({ roles, administratorEndedAt: endedAt }: Account): boolean {
  if (roles.some((role) => Object.hasOwn(administrators, role))) return true;
  return endedAt !== null && Date.now() - endedAt.getTime() < dayInMs;
}

const dayInMs = 24 * 60 * 60 * 1000;

/**
 * Whether people can be handed over to a client: one of the operator's own that nobody else can play,
 * so that nothing is left to ask on the way.
 */
export function takesHandOffs(client: Client, tenantId: string): boolean {
  return (
    client.firstParty &&
    client.tokenEndpointAuthMethod !== 'none' &&
    client.id !== accountClientId &&
    client.acr === null &&
    client.grantTypes.includes('authorization_code') &&
    !client.disabledAt &&
    serves(client, tenantId)
  );
}

/** Whether tickets of this client still count. */
export function mayHandOver(client: Client | undefined, tenantId: string): client is Client {
  return (
    client !== undefined &&
    !client.disabledAt &&
    client.scopes.includes('handoff:write') &&
    serves(client, tenantId)
  );
}
