import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

const blank = {
  ...{ admin: false, deactivated: false, is_guest: false },
  ...{ external_ids: [], threepids: [] },
};

/** As much of Synapse's admin API as making a user takes. */
export async function startUserDirectory() {
  const users = new Map<string, object>();
  const server = createServer(async (request, response) => {
    const [, id] = /^\/_synapse\/admin\/v2\/users\/([^/]+)$/.exec(request.url ?? '') ?? [];
    const name = decodeURIComponent(id ?? '');
    const known = users.get(name);
    if (name && request.method === 'PUT') {
      users.set(name, { ...blank, name, ...known, ...((await json(request)) as object) });
      response.statusCode = known ? 200 : 201;
    } else if (!known) {
      response.statusCode = 404;
    }
    const body = users.get(name) ?? { errcode: 'M_NOT_FOUND', error: `Nothing at ${name}` };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
