import type { Tenant } from '../tenants/tenant.entity.ts';
import type { Connector } from './connector.ts';

/** What a tenant's own providers are found by. */
export type OwnConnectors = {
  /** All that are in use, in the order in which they were added. */
  of(tenantId: string): Promise<Connector[]>;
};

type Offering = Pick<Tenant, 'id' | 'ways'>;

/**
 * The ways to sign in with others: those that everybody may use, and those of each tenant. A way
 * that lacks its settings is not among them.
 */
export class Connectors {
  readonly #shared: readonly Connector[];
  readonly #own: OwnConnectors | undefined;

  constructor(shared: readonly Connector[], own?: OwnConnectors) {
    this.#shared = shared;
    this.#own = own;
  }

  /** What a tenant offers, in its order. While the tenant is open: what everybody may use. */
  async offered(tenant: Offering | undefined): Promise<Connector[]> {
    if (!tenant) return [...this.#shared];
    const own = (await this.#own?.of(tenant.id)) ?? [];
    const all = [...own, ...this.#shared];
    if (!tenant.ways) return all;
    return tenant.ways.flatMap((id) => all.find((connector) => connector.id === id) ?? []);
  }

  /** @returns nothing where the tenant does not offer it */
  async find(tenant: Offering | undefined, id: string): Promise<Connector | undefined> {
    return (await this.offered(tenant)).find((connector) => connector.id === id);
  }
}
