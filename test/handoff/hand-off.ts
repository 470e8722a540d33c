import assert from 'node:assert/strict';
import type { Client } from '../../src/clients/clients.store.ts';
import { Application } from '../oidc/application.ts';
import type { Person, World } from '../oidc/world.ts';
import { type Answer, addMachine, call, tokenOf } from '../platform/api.ts';
import type { Visitor } from '../support/forms.ts';
import { Page } from '../support/page.ts';
import type { Service } from '../support/service.ts';

/** Where the platform's pages are. */
export const events = 'https://events.example';
/** Where the application signs in. */
export const signInPage = 'https://app.example/login';

export type Linked = Person & { slug: string };

/** A platform whose people may go on at an application without signing in again. */
export type Platform = {
  app: Application;
  client: Client & { secret: string };
  token: string;
  /** Somebody whom the platform knows. */
  addMember(person?: Partial<Person>): Promise<Linked>;
  ask(order: Record<string, unknown>): Promise<Answer>;
  /** A ticket for this person, at the application unless told otherwise. */
  ticketFor(person: Linked, order?: Record<string, unknown>): Promise<string>;
};

export async function openPlatform<S extends Service>(
  world: World<S>,
  order: { client?: Partial<Client>; app?: Partial<Client> } = {},
): Promise<Platform> {
  const app = await Application.of(world, order.app);
  const client = await addMachine(world, {
    name: 'Acme Events',
    tenantIds: [world.defaultTenantId],
    scopes: ['handoff:write', 'accounts:write'],
    handoffOrigins: [events],
    ...order.client,
  });
  const token = await tokenOf(world, client);
  const ask: Platform['ask'] = (body) => call(world, '/handoff', { token, method: 'POST', body });
  return {
    ...{ app, client, token, ask },
    async addMember(person) {
      const member = await world.addPerson(person);
      const slug = `slug-${member.handle}`;
      await linkToPlatform(world, member.id, slug);
      return { ...member, slug };
    },
    async ticketFor({ slug }, more) {
      const order = { userSlug: slug, clientId: app.client.id, redirectUri: signInPage, ...more };
      const { status, body } = await ask(order);
      assert.equal(status, 201, JSON.stringify(body));
      return body.ticket as string;
    },
  };
}

export async function linkToPlatform(
  { database }: Pick<World, 'database'>,
  id: string,
  slug: string | null,
): Promise<void> {
  await database.query('update accounts set platform_slug = $2 where id = $1', [id, slug]);
}

/** The form that a page at this origin sends; `null` stands for one that hides where it is. */
export async function bring(
  visitor: Visitor,
  { url }: Pick<World, 'url'>,
  ticket: string,
  origin: string = events,
): Promise<Page> {
  const form = { url: new URL(`${url}/handoff`), method: 'POST' as const };
  const fields = new URLSearchParams({ ticket });
  if (origin !== 'null') {
    return visitor.send({ ...form, fields }, new Page(new URL(`${origin}/42`), 200, {}, ''));
  }
  const headers = { origin, 'content-type': 'application/x-www-form-urlencoded' };
  const { headers: answer } = await visitor.fetch(form.url, {
    ...{ method: 'POST', body: fields.toString(), headers },
  });
  return visitor.open(new URL(answer.location ?? '', form.url));
}

/** The person's browser is at the application now, which sends it to sign in. */
export async function signInThere(
  visitor: Visitor,
  app: Application,
  params: Record<string, string> = {},
) {
  const attempt = await app.request(params);
  const from = new Page(new URL(signInPage), 200, {}, '');
  return { attempt, page: await visitor.open(attempt.url, { from }) };
}

/** Whom that ends with, without a page of ours; undefined where there is one. */
export async function whoSignsIn(
  visitor: Visitor,
  app: Application,
  params: Record<string, string> = {},
): Promise<string | undefined> {
  const { attempt, page } = await signInThere(visitor, app, params);
  return page.status === 0 ? (await app.redeem(attempt, page)).claims()?.sub : undefined;
}

/** The platform's own form leads nowhere, and nobody is signed in by it. */
export async function assertExpired(visitor: Visitor, app: Application, page: Page) {
  assert.deepEqual([page.status, page.heading], [400, 'This page has expired']);
  assert.equal(await whoSignsIn(visitor, app), undefined);
}
