/*
 * A personal data server, set up by PDS_* variables. CLIENT_ORIGIN and CLIENT_URL stand in for DNS
 * and TLS: what it asks of the one it gets from the other, as it could from a public service.
 */
const { CLIENT_ORIGIN, CLIENT_URL } = process.env;

const realFetch = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const request = new Request(input, init);
  if (!CLIENT_ORIGIN || new URL(request.url).origin !== CLIENT_ORIGIN) {
    return realFetch(input, init);
  }
  const { pathname, search } = new URL(request.url);
  return realFetch(new URL(pathname + search, CLIENT_URL), { redirect: request.redirect });
};

const { PDS } = await import('@atproto/pds');
await PDS.run();
