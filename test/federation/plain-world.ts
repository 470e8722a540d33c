import { afterAll, beforeAll, beforeEach } from 'vitest';
import { Application, type Attempt, newVisitor } from '../oidc/application.ts';
import { furnish, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import type { Page } from '../support/page.ts';
import { prepareService } from '../support/service.ts';
import type { Claims } from './person.ts';
import { PlainProvider, plainClient } from './plain-provider.ts';

/** A service whose default tenant has connections to one provider, for a file of cases. */
export function usePlain(connections: Readonly<Record<string, readonly string[]>>) {
  let provider: PlainProvider;
  let world: World;
  let app: Application;

  beforeAll(async () => {
    const prepared = await prepareService({ env: { UPSTREAM_ALLOWED_NETWORKS: '127.0.0.1/32' } });
    provider = await PlainProvider.start();
    world = await furnish(await prepared.start());
    app = await Application.of(world);
    for (const [id, options] of Object.entries(connections)) await add(id, ...options);
  });
  afterAll(async () => {
    await world?.close();
    await provider?.stop();
  });
  beforeEach(() => {
    provider.tamper = () => {};
    provider.forge = (idToken) => idToken;
    provider.answer = () => {};
    provider.tokenAnswer = undefined;
  });

  /** The button carries the id. */
  function add(id: string, ...options: string[]): Promise<unknown> {
    return world.service.cli(
      ...['connections', 'add', '--tenant', 'default', '--id', id, '--name', id],
      ...['--issuer', provider.issuer, '--client-id', plainClient.id],
      ...['--auth-method', 'client_secret_post', '--secret', plainClient.secret, ...options],
    );
  }

  /** As far as the provider's answer brings the person. */
  async function through(
    way: string,
    person: Claims,
    visitor: Visitor = newVisitor(),
  ): Promise<{ attempt: Attempt; page: Page; visitor: Visitor }> {
    const attempt = await app.request({ tenant: 'default', prompt: 'login' });
    const page = await visitor.open(attempt.url);
    provider.person = person;
    return { attempt, visitor, page: await visitor.click(page, way) };
  }

  return {
    provider: () => provider,
    world: () => world,
    add,
    through,
    async signUp(way: string, person: Claims, handle: string): Promise<Claims> {
      const { attempt, visitor, page } = await through(way, person);
      const name = page.value('name') || 'Grace';
      const back = await visitor.submit(page, { name, handle }, { button: 'Continue' });
      return (await app.redeem(attempt, back)).claims() ?? {};
    },
    async signIn(way: string, person: Claims): Promise<Claims> {
      const { attempt, page } = await through(way, person);
      return (await app.redeem(attempt, page)).claims() ?? {};
    },
    /** What the audit says of the last sign-in that failed. */
    async lastFailure(): Promise<Claims> {
      const [row] = await world.database.query<{ detail: Claims }>(
        `select detail from audit where action = 'upstream.sign_in_failed'
          order by id desc limit 1`,
      );
      return row?.detail ?? {};
    },
  };
}
