import { afterAll, beforeAll, beforeEach } from 'vitest';
import { Application, type Attempt, newVisitor, type Tokens } from '../oidc/application.ts';
import { openWorld, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import type { Page } from '../support/page.ts';
import { GoogleStandIn } from './google.ts';
import type { Claims } from './person.ts';

/** A service that takes a stand-in for Google, and an application of it, for a file of cases. */
export function useGoogle() {
  let google: GoogleStandIn;
  let world: World;
  let app: Application;

  beforeAll(async () => {
    google = await GoogleStandIn.start();
    world = await openWorld({ env: google.env });
    app = await Application.of(world);
  });
  afterAll(async () => {
    await world?.close();
    await google?.stop();
  });
  beforeEach(() => {
    google.tamper = {};
  });

  /** As far as Google's answer brings the person. */
  async function throughGoogle(
    visitor: Visitor,
    person: Claims,
    params = {},
  ): Promise<{ attempt: Attempt; page: Page }> {
    const attempt = await app.request(params);
    const page = await visitor.open(attempt.url);
    google.person = person;
    return { attempt, page: await visitor.click(page, 'Google') };
  }

  const choose = (visitor: Visitor, page: Page, handle: string): Promise<Page> =>
    visitor.submit(page, { handle }, { button: 'Continue' });

  return {
    google: () => google,
    world: () => world,
    request: (params = {}): Promise<Attempt> => app.request(params),
    redeem: (attempt: Attempt, page: Page): Promise<Tokens> => app.redeem(attempt, page),
    throughGoogle,
    choose,
    async signUp(person: Claims, handle: string): Promise<{ visitor: Visitor; claims: Claims }> {
      const visitor = newVisitor();
      const { attempt, page: arrived } = await throughGoogle(visitor, person);
      const asked = arrived.url.pathname.endsWith('/email');
      const page = asked
        ? await visitor.submit(arrived, {}, { button: 'Go on without email' })
        : arrived;
      const tokens = await app.redeem(attempt, await choose(visitor, page, handle));
      return { visitor, claims: tokens.claims() ?? {} };
    },
    async accountsOf(email: string): Promise<number> {
      const rows = await world.database.query('select from accounts where email_key = $1', [email]);
      return rows.length;
    },
  };
}
