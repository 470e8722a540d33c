import type { z } from 'zod';
import type { Client } from '../clients/clients.store.ts';
import type { Route } from './route.ts';

/** An API for programs: what holds for all its routes. */
export type Api<Caller, Kind extends Route<Caller> = Route<Caller>> = {
  /** Its path, also that of the audience of its tokens. */
  base: `/${string}`;
  title: string;
  description: string;
  scopes: ReadonlyMap<string, string>;
  /** Query parameters that every route takes. */
  query: z.ZodObject;
  /** Codes that every route may answer with, besides those that all our APIs share. */
  problems: Readonly<Record<number, readonly string[]>>;
  routes: readonly Kind[];
  /** Who asks, and about what, once the token is found good and the input is checked. */
  admit(
    client: Client,
    route: Kind,
    said: { query: Record<string, string | undefined>; body: unknown },
  ): Promise<Caller>;
  /** What an `Idempotency-Key` belongs to besides client and operation, and what else makes a request. */
  keyed(caller: Caller): { about: string; request: unknown };
};
