import { randomBytes } from 'node:crypto';
import type { Account } from '../accounts/account.ts';
import { accountById } from '../accounts/accounts.store.ts';
import { record } from '../audit/events.ts';
import { type Client, findClient } from '../clients/clients.store.ts';
import type { Database } from '../database/database.ts';
import { AppError } from '../errors.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { tenantById } from '../tenants/tenants.store.ts';
import { destinationAt } from './destination.ts';
import { refusalOf, takesHandOffs } from './rules.ts';
import { homeserverClientsOf, insertTicket } from './tickets.store.ts';

/** The platform's page is open and the person has just pressed a button. */
const ticketSeconds = 60;

type Parts = { database: Database; fingerprints: Fingerprints };

export type Order = {
  issuer: Client;
  tenantId: string;
  /** Undefined where there is none of that name. */
  accountId: string | undefined;
  /** Undefined for the tenant's homeserver. */
  clientId: string | undefined;
  redirectUri: string;
};

/**
 * Makes a ticket with which one browser can go on as this account at this client, once.
 *
 * @throws AppError `account_not_found`, `client_not_found` (404), `client_required`,
 *   `redirect_uri_not_allowed` (400), `client_not_for_handoff` (409), and those of `refusals`
 */
export async function issueTicket(
  { database, fingerprints }: Parts,
  order: Order,
): Promise<{ ticket: string; expiresAt: Date }> {
  const { issuer, tenantId } = order;
  const account = await accountOf(database, order);
  const target = await targetOf(database, order);
  const redirectUri = destinationAt(target, order.redirectUri);
  if (!redirectUri) throw new AppError('redirect_uri_not_allowed', { message: notAllowed(target) });
  const tenant = await tenantById(database, tenantId);
  if (!tenant) throw new AppError('account_not_found');
  const refusal = refusalOf(account, tenant, target);
  if (refusal) throw new AppError(refusal);
  const ticket = randomBytes(32).toString('base64url');
  const id = fingerprints.of('handoff', ticket);
  const about = { tenantId, accountId: account.id, clientId: target.id, issuedBy: issuer.id };
  return database.transaction(async (tx) => {
    const { expiresAt } = await insertTicket(tx, { id, redirectUri, ...about }, ticketSeconds);
    await record(tx, {
      action: 'handoff.issued',
      actor: issuer.id,
      tenantId,
      target: account.id,
      clientId: target.id,
    });
    return { ticket, expiresAt };
  });
}

/** Another tenant's account, and one that was deleted, look as if there were none. */
async function accountOf(database: Database, order: Order): Promise<Account> {
  const account = order.accountId ? await accountById(database, order.accountId) : undefined;
  if (account?.tenantId === order.tenantId && account.status !== 'deleted') return account;
  throw new AppError('account_not_found');
}

async function targetOf(database: Database, { clientId, tenantId }: Order): Promise<Client> {
  const id = clientId ?? (await homeserverOf(database, tenantId));
  const client = await findClient(database, id);
  if (!client || client.disabledAt) throw new AppError('client_not_found');
  if (takesHandOffs(client, tenantId)) return client;
  throw new AppError('client_not_for_handoff', {
    message: `${id} is no first-party client with a secret or keys that serves this tenant.`,
  });
}

/** The tenant's own block, else the one for all. */
async function homeserverOf(database: Database, tenantId: string): Promise<string> {
  const clients = await homeserverClientsOf(database, tenantId);
  const own = clients.filter(({ allTenants }) => !allTenants);
  const [only, ...others] = own.length > 0 ? own : clients;
  if (only && others.length === 0) return only.id;
  throw new AppError('client_required', { message: 'Name a client by `clientId`.' });
}

function notAllowed({ id, idpId }: Client): string {
  const path = '/_matrix/client/v3/login/sso/redirect?redirectUrl=…';
  return idpId
    ? `Neither below a hand-off target of ${id}, nor its homeserver's ${path} with such a redirectUrl.`
    : `Neither at an origin of ${id}'s redirect URIs nor below one of its hand-off targets.`;
}
