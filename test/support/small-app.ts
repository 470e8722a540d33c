import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export type SmallApp = {
  url: string;
  /** Where it wants to be called back. */
  callback: string;
  /** What came to its callback, by query or by form, in the order of arrival. */
  answers: URLSearchParams[];
  stop(): Promise<void>;
};

/**
 * The least that an application on another origin is. Its page tells a window that it opened to call
 * back, as clients do that sign people in by a pop-up: what it hears stands in its title.
 */
export async function startSmallApp(): Promise<SmallApp> {
  const answers: URLSearchParams[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://app');
    const arrived = pathname === '/callback';
    if (arrived) {
      const posted = request.method === 'POST';
      answers.push(posted ? new URLSearchParams(await text(request)) : searchParams);
    }
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(arrived ? arrivedPage : startPage);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    callback: `${url}/callback`,
    answers,
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const startPage = `<!doctype html><html lang="en"><title>Start</title><h1>Start</h1>
<script>addEventListener('message', ({ data }) => { document.title = data; });</script></html>`;

const arrivedPage = `<!doctype html><html lang="en"><title>Arrived</title><h1>Arrived</h1>
<script>window.opener?.postMessage('heard of it', '*');</script></html>`;
