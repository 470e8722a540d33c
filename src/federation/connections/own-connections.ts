import type { Database } from '../../database/database.ts';
import type { KeyRing } from '../../secrets/keyring.ts';
import { signingKey } from '../client-keys.ts';
import { type Connector, onFirstUse } from '../connector.ts';
import type { OwnConnectors } from '../connectors.ts';
import { activeConnections, type Connection, secretContext } from './connections.store.ts';

type Parts = { database: Database; ring: KeyRing; fetch: typeof fetch };

/** How long a tenant's connections may be reused, in ms: a disabled one goes away so late. */
const reuseFor = 2000;

/** The providers that tenants brought along, as the command line set them up. */
export class OwnConnections implements OwnConnectors {
  readonly #parts: Parts;
  readonly #recent = new Map<string, { connectors: Connector[]; readAt: number }>();
  readonly #byVersion = new Map<string, { connector: Connector; version: number }>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async of(tenantId: string): Promise<Connector[]> {
    const recent = this.#recent.get(tenantId);
    if (recent && Date.now() - recent.readAt < reuseFor) return recent.connectors;
    const rows = await activeConnections(this.#parts.database, tenantId);
    const connectors = rows.map((row) => this.#connector(row));
    this.#recent.set(tenantId, { connectors, readAt: Date.now() });
    return connectors;
  }

  /** Kept while nothing about it changes, as it remembers what the provider says of itself. */
  #connector(connection: Connection): Connector {
    const version = connection.updatedAt.getTime();
    const known = this.#byVersion.get(connection.id);
    if (known?.version === version) return known.connector;
    const { database, ring, fetch } = this.#parts;
    const { secretSealed } = connection;
    const secret = secretSealed
      ? ring.open(secretSealed, secretContext(connection)).toString()
      : undefined;
    const { id, name, allowedEmailDomains: emailDomains } = connection;
    const connector = onFirstUse({ id, name, emailDomains }, async () => {
      const { OpenIdConnector } = await import('../openid.ts');
      const clientKey = () => signingKey({ database, ring });
      return new OpenIdConnector({ connection, secret, clientKey, fetch });
    });
    this.#byVersion.set(connection.id, { connector, version });
    return connector;
  }
}
