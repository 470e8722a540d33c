import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { verify } from '@node-rs/argon2';
import type Provider from 'oidc-provider';
import type { People } from './people.ts';

const page = (action: string, problem = '') => `<!doctype html>
<title>Sign in</title>
<p>${problem}</p>
<form method="post" action="${action}">
<input name="email" autocomplete="username">
<input name="password" type="password" autocomplete="current-password">
<button type="submit">Sign in</button>
</form>`;

/** The least that a login page can be. */
export function loginPage(provider: Provider, people: People) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const action = request.url ?? '';
    const show = (status: number, problem?: string) =>
      response.writeHead(status, { 'content-type': 'text/html' }).end(page(action, problem));
    await provider.interactionDetails(request, response);
    if (request.method !== 'POST') {
      show(200);
      return;
    }
    const form = new URLSearchParams(await text(request));
    const person = await people.byEmail(form.get('email') ?? '');
    if (!person || !(await verify(person.passwordHash, form.get('password') ?? ''))) {
      show(422, 'Wrong');
      return;
    }
    await provider.interactionFinished(request, response, { login: { accountId: person.id } });
  };
}
