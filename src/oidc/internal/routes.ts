import type { Database } from '../../database/database.ts';
import type { HandlePolicy } from '../../handles/policy.ts';
import { accountRoutes } from './accounts.ts';
import { guestRoutes } from './guests.ts';
import { handleRoutes } from './handles.ts';
import type { InternalRoute } from './route.ts';

/** The table of `/internal`: what is not here does not exist, and what is here is documented. */
export function internalRoutes(parts: {
  database: Database;
  handlePolicy: HandlePolicy;
  serverName: string;
}): InternalRoute[] {
  return [...handleRoutes(parts), ...accountRoutes(parts), ...guestRoutes(parts)];
}
