import type { FoundClient } from '../clients/find.ts';
import type { ChosenSecret } from '../clients/secret.ts';
import { fields, type Report, table } from './report.ts';
import { type Cli, warn } from './run.ts';

export function listed(clients: FoundClient[]): Report {
  const rows = clients.map((client) => [
    client.id,
    client.name,
    client.allTenants ? 'all' : client.tenants,
    client.grantTypes,
    client.idpId,
    client.disabledAt ? 'disabled' : '',
  ]);
  const headings = ['id', 'name', 'tenants', 'grants', 'idp_id', ''];
  return { data: clients, text: table(headings, rows, 'No clients.') };
}

export async function shown({ database }: Cli, id: string): Promise<Report> {
  const { requireClient } = await import('../clients/find.ts');
  const client = await requireClient(database, id);
  return { data: client, text: described(client) };
}

/** The same with a secret that was made for it, which nobody can read again. */
export async function withSecret(
  cli: Cli,
  id: string,
  chosen: ChosenSecret | undefined,
): Promise<Report> {
  if (chosen?.warning) warn(chosen.warning);
  const report = await shown(cli, id);
  if (!chosen?.made) return report;
  const text = `${report.text}\n\nIts secret, which is not shown again:\n${chosen.secret}`;
  return { data: { ...(report.data as FoundClient), secret: chosen.secret }, text };
}

function described(client: FoundClient): string {
  return fields({
    id: client.id,
    name: client.name,
    disabled: client.disabledAt,
    tenants: client.allTenants ? 'all' : client.tenants,
    authentication: client.tokenEndpointAuthMethod,
    'first party': client.firstParty,
    'PKCE required': client.pkceRequired,
    'pushed requests': client.requirePushedAuthorizationRequests,
    'tokens bound (DPoP)': client.dpopBoundAccessTokens,
    'acr demanded': client.acr,
    grants: client.grantTypes,
    scopes: client.scopes,
    'redirect URIs': client.redirectUris,
    'after sign-out': client.postLogoutRedirectUris,
    'back-channel': client.backchannelLogoutUri,
    idp_id: client.idpId,
    'ID token': client.idTokenSignedResponseAlg,
    'web site': client.clientUri,
    logo: client.logoUri,
    'hand-off from': client.handoffOrigins,
    'hand-off to': client.handoffTargets,
  });
}
