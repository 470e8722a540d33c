import { once } from 'node:events';
import { createServer } from 'node:http';

export type ChatApp = {
  /** Ends with `/`, as Synapse's list of trusted clients wants it. */
  url: string;
  /** Where its button leads; `provider` is the `idp_id` of a block, none for Synapse's own chooser. */
  signInUrl(provider?: string): string;
  stop(): Promise<void>;
};

/**
 * The least that a Matrix web client is: a page that leads to the homeserver's sign-in, as Element
 * does, and to which the homeserver comes back with a login token.
 */
export async function startChatApp(port: number, homeserver: string): Promise<ChatApp> {
  const url = `http://127.0.0.1:${port}/`;
  const signInUrl = (provider?: string) => {
    const path = `/_matrix/client/v3/login/sso/redirect${provider ? `/oidc-${provider}` : ''}`;
    return `${homeserver}${path}?redirectUrl=${encodeURIComponent(url)}`;
  };
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', url);
    const content = searchParams.has('loginToken')
      ? '<p>Signed in</p>'
      : `<a href="${signInUrl('openmeet')}">Continue with OpenMeet</a>`;
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(
      `<!doctype html><html lang="en"><title>Chat</title><h1>Chat</h1>${content}</html>`,
    );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url,
    signInUrl,
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
