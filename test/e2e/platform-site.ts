import { once } from 'node:events';
import { createServer } from 'node:http';
import { freePorts } from '../support/ports.ts';
import type { World } from './world.ts';

export type PlatformSite = {
  /** A page of an event, as somebody sees it whom the platform calls by this slug. */
  pageFor(slug: string): string;
  /** The same page at an origin that nobody registered. */
  copyFor(slug: string): string;
  stop(): Promise<void>;
};

type Made = { secret: string };
type Ticket = { ticket: string; action: string };

/**
 * A platform as its makers would write it: a page with a button, and a server that asks for a ticket
 * when the button is pressed. Its site is another one than ours: `localhost`, not `127.0.0.1`.
 */
export async function startPlatformSite({ service, synapse, app }: World): Promise<PlatformSite> {
  const [port = 0] = await freePorts(1);
  const origin = `http://localhost:${port}`;
  const { secret } = await service.cli<Made>(
    ...['clients', 'add', '--id', 'events', '--name', 'Acme Events', '--all-tenants'],
    ...['--grant', 'client_credentials', '--scope', 'handoff:write'],
    ...['--handoff-origin', origin],
  );
  await service.cli('clients', 'set-handoff-targets', 'matrix_synapse', app.url);
  // Chromium holds redirects against it, too.
  const policy = `default-src 'none'; script-src 'nonce-n1'; form-action ${service.url} ${synapse.url} ${new URL(app.url).origin}`;

  async function ticketFor(userSlug: string): Promise<Ticket> {
    const tokenAnswer = await fetch(`${service.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`events:${secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const { access_token: token } = (await tokenAnswer.json()) as { access_token: string };
    const answer = await fetch(`${service.url}/internal/handoff?tenant=default`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ userSlug, redirectUri: app.signInUrl('openmeet') }),
    });
    if (answer.status !== 201) throw new Error(await answer.text());
    return (await answer.json()) as Ticket;
  }

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', origin);
    const slug = searchParams.get('as') ?? '';
    const page =
      pathname === '/chat'
        ? formOf(await ticketFor(slug))
        : `<a href="/chat?as=${slug}">Open the chat</a>`;
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': policy,
    });
    response.end(`<!doctype html><html lang="en"><title>Event</title><h1>Event</h1>${page}</html>`);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    pageFor: (slug) => `${origin}/?as=${slug}`,
    copyFor: (slug) => `http://127.0.0.1:${port}/?as=${slug}`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function formOf({ ticket, action }: Ticket): string {
  return `<form method="post" action="${action}"><input type="hidden" name="ticket" value="${ticket}">
    <button>Open the chat</button></form><script nonce="n1">document.forms[0].submit()</script>`;
}
