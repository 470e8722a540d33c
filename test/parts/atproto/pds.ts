import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/*
 * A personal data server, set up by PDS_* variables. CLIENT_ORIGIN and CLIENT_URL stand in for DNS
 * and TLS: what it asks of the one it gets from the other, as it could from a public service.
 */
const { CLIENT_ORIGIN, CLIENT_URL } = process.env;

const realFetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const { origin, host, pathname, search } = new URL(new Request(input, init).url);
  if (!CLIENT_ORIGIN || origin !== CLIENT_ORIGIN) return realFetch(input, init);
  // The real one would not say this host.
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(new URL(pathname + search, CLIENT_URL), { headers: { host } }, resolve).on('error', reject);
  });
  return new Response(await text(answer), {
    status: answer.statusCode,
    headers: { 'content-type': answer.headers['content-type'] ?? '' },
  });
};

const { PDS } = await import('@atproto/pds');
await PDS.run();
