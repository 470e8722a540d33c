import type { Account } from '../accounts/account.ts';
import { accountById } from '../accounts/accounts.store.ts';
import { type Client, findClient } from '../clients/clients.store.ts';
import type { Database } from '../database/database.ts';
import type { Tenant } from '../tenants/tenant.entity.ts';
import { tenantById } from '../tenants/tenants.store.ts';
import { mayHandOver, type Refusal, refusalOf, takesHandOffs } from './rules.ts';
import type { HandOff } from './tickets.store.ts';

/** A hand-off that can go on, or why it cannot. */
export type Loaded =
  | { refusal: Refusal | 'handoff_expired' }
  | { refusal?: undefined; account: Account; tenant: Tenant; target: Client; platform: Client };

/** Who and what a hand-off is about, judged anew: minutes may have passed since the ticket was made. */
export async function loadHandOff(db: Database, handOff: HandOff): Promise<Loaded> {
  const { tenantId } = handOff;
  const [account, tenant, target, platform] = await Promise.all([
    accountById(db, handOff.accountId),
    tenantById(db, tenantId),
    findClient(db, handOff.clientId),
    findClient(db, handOff.issuedBy),
  ]);
  if (account?.tenantId !== tenantId || tenant?.status !== 'active') return ended;
  if (!target || !takesHandOffs(target, tenantId) || !mayHandOver(platform, tenantId)) return ended;
  const refusal = refusalOf(account, tenant, target);
  return refusal ? { refusal } : { account, tenant, target, platform };
}

const ended = { refusal: 'handoff_expired' } as const;
