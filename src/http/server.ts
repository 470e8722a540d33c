import { createServer, type Server } from 'node:http';
import type Koa from 'koa';

/**
 * How long anybody may take to say what they want, in milliseconds. Node waits five minutes for a body,
 * and looks only every half minute.
 */
const patience = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 2_000,
};

/** Whoever is slower is answered with 408, and their connection ends. */
export function httpServer(web: Koa): Server {
  return createServer(patience, web.callback());
}
