import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import type { HandlePolicy } from '../handles/policy.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { accountRoutes } from './accounts.ts';
import { eventRoutes } from './events.ts';
import { guestRoutes } from './guests.ts';
import { handleRoutes } from './handles.ts';
import { handOffRoute } from './handoff.ts';
import { matrixAccessRoutes } from './matrix-access.ts';
import { memberRoutes } from './members.ts';
import { permissionRoutes } from './permissions.ts';
import { roomLinkRoutes } from './room-links.ts';
import { roomQueryRoutes } from './room-queries.ts';
import { roomRoutes } from './rooms.ts';
import type { InternalRoute } from './route.ts';

/** The table of `/internal`: what is not here does not exist, and what is here is documented. */
export function internalRoutes(parts: {
  config: Pick<Config, 'matrix'>;
  database: Database;
  fingerprints: Fingerprints;
  publicUrl: string;
  handlePolicy: HandlePolicy;
  serverName: string;
}): InternalRoute[] {
  const { rooms, provisioning } = parts.config.matrix;
  const aboutRooms = { ...parts, rooms, provisioning };
  return [
    ...handleRoutes(parts),
    ...accountRoutes(parts),
    ...guestRoutes(parts),
    handOffRoute(parts),
    ...roomRoutes(aboutRooms),
    ...roomQueryRoutes(aboutRooms),
    ...roomLinkRoutes(aboutRooms),
    ...memberRoutes(aboutRooms),
    ...permissionRoutes(aboutRooms),
    ...eventRoutes(aboutRooms),
    ...matrixAccessRoutes(parts),
  ];
}
