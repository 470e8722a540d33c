import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export type LoadBalancer = {
  port: number;
  /** The ports that answered, one for each request, in order. */
  served: number[];
  /** From now on requests go to these ports in turn. */
  use(ports: number[]): void;
  stop(): Promise<void>;
};

/**
 * A load balancer that hands every request to the next instance than the last one. An instance
 * that refuses the connection, or drops it before it answered, is passed over.
 */
export async function startLoadBalancer(): Promise<LoadBalancer> {
  let targets: number[] = [];
  let turn = 0;
  const served: number[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const body = await buffer(incoming);
    const first = turn++ % targets.length;
    for (const port of [...targets.slice(first), ...targets.slice(0, first)]) {
      const answer = await forward(port, incoming, body).catch(() => undefined);
      if (!answer) continue;
      served.push(port);
      return pass(answer, outgoing);
    }
    outgoing.writeHead(502).end('No instance answers');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    served,
    use: (ports) => {
      targets = ports;
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function forward(port: number, incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
  const { method, url, headers, socket } = incoming;
  const forwardedFor = [headers['x-forwarded-for'], socket.remoteAddress].flat().filter(Boolean);
  const attempt = request({
    host: '127.0.0.1',
    port,
    method,
    path: url,
    headers: {
      ...headers,
      'x-forwarded-for': forwardedFor.join(', '),
      'x-forwarded-proto': 'http',
      connection: 'close',
    },
    agent: false,
  });
  attempt.end(body);
  return once(attempt, 'response').then(([answer]) => answer);
}

function pass(answer: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
  answer.pipe(outgoing);
}
