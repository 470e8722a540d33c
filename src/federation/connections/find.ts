import type { Queryable } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import { tenantById } from '../../tenants/tenants.store.ts';
import { jwksPath } from '../client-keys.ts';
import {
  type Connection,
  countIdentities,
  findConnection,
  listConnections,
} from './connections.store.ts';

/** What may be shown of a connection: everything but its secret. */
export type FoundConnection = Omit<Connection, 'secretSealed' | 'tenantId'> & {
  tenant: string;
  redirectUri: string;
  /** Where our keys are published, for a connection that proves us by them. */
  jwksUri: string | null;
  identities: number;
};

type Place = { database: Queryable; publicUrl: string };

export async function allConnections(place: Place): Promise<FoundConnection[]> {
  const connections = await listConnections(place.database);
  return Promise.all(connections.map((connection) => found(place, connection)));
}

/** @throws AppError `connection_not_found` (404) */
export async function requireConnection(place: Place, id: string): Promise<FoundConnection> {
  const connection = await findConnection(place.database, id);
  if (!connection) throw connectionNotFound(id);
  return found(place, connection);
}

export function connectionNotFound(id: string): AppError {
  return new AppError('connection_not_found', {
    message: `There is no connection ${id}. See: openmeet-id connections list`,
  });
}

async function found({ database, publicUrl }: Place, connection: Connection) {
  const { secretSealed: _secret, tenantId, ...shown } = connection;
  const tenant = await tenantById(database, tenantId);
  return {
    ...shown,
    tenant: tenant?.slug ?? tenantId,
    redirectUri: `${publicUrl}/callback/${connection.id}`,
    jwksUri: connection.authMethod === 'private_key_jwt' ? `${publicUrl}${jwksPath}` : null,
    identities: await countIdentities(database, connection.id),
  };
}
