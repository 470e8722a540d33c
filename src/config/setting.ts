import type { z } from 'zod';

export interface Setting {
  description: string;
  schema: z.ZodType<unknown, string>;
  /** Used, and read by the schema, when the setting is not given. */
  default?: string;
  /** Says what happens when nothing is given and `default` cannot say it. */
  otherwise?: string;
  /** May also be given as NAME_FILE, and is never shown. */
  secret?: true;
  /** Must be given in production; the text says how. */
  production?: string;
}
