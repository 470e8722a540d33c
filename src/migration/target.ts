import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';

/** The service to which people, rooms and roles come from another place. */
export type Target = {
  config: Config;
  database: Database;
  /** Whether a program reads what is said: then no progress is shown. */
  json: boolean;
};
