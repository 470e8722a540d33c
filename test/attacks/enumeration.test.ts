import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../oidc/application.ts';
import { type Statement, serveHere, type Watched } from '../oidc/watched.ts';
import { openWorld, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import type { Page } from '../support/page.ts';

/** What a stranger can see of an answer, and what it cost us. */
type Seen = {
  status: number;
  path: string;
  body: string;
  headers: string[];
  queries: string[];
  hashes: number;
  mails: number;
};

type Act = (visitor: Visitor, email: string) => Promise<Page>;

describe('who asks whether somebody has an account', () => {
  let world: World;
  let watched: Watched;
  let everywhere: Application;
  let bound: Application;
  /** Addresses by what we know of them. */
  const addresses: Record<string, string> = { nobody: 'nobody@mail.example' };

  beforeAll(async () => {
    world = await openWorld();
    const [acme, globex] = [
      await world.addTenant({ slug: 'acme' }),
      await world.addTenant({ slug: 'globex' }),
    ];
    everywhere = await Application.of(world);
    bound = await Application.of(world, { tenantIds: [acme.id] });
    for (const kind of ['member', 'withoutPassword', 'disabled', 'elsewhere', 'inTwo']) {
      const email = `${kind.toLowerCase()}@mail.example`;
      const tenantId = kind === 'elsewhere' ? globex.id : acme.id;
      const { id } = await world.addPerson({ email, tenantId });
      if (kind === 'inTwo') await world.addPerson({ email, tenantId: globex.id });
      if (kind === 'disabled') await set(id, `status = 'disabled'`);
      if (kind === 'withoutPassword') await set(id, 'password_hash = null');
      addresses[kind] = email;
    }
    watched = await serveHere(world);
  });
  afterAll(async () => {
    await watched?.stop();
    await world.close();
  });

  const set = (id: string, change: string) =>
    world.database.query(`update accounts set ${change} where id = '${id}'`);

  const acts: Record<string, Act> = {
    'by a wrong password': async (visitor, email) =>
      visitor.submit(await begin(visitor), { email, password: 'wrong-password' }),
    'by asking for a code': async (visitor, email) =>
      visitor.submit(await begin(visitor), { email }, { button: /code/i }),
    'by signing up': async (visitor, email) => {
      const page = await begin(visitor, { prompt: 'create' });
      const choice: Record<string, string> = page.has('[name=tenant]') ? { tenant: 'acme' } : {};
      return visitor.submit(page, { email, ...choice });
    },
    'by a forgotten password': async (visitor, email) =>
      visitor.submit(await visitor.click(await begin(visitor), /forgot/i), { email }),
    'by a wrong code': async (visitor, email) => {
      const page = await visitor.submit(await begin(visitor), { email }, { button: /code/i });
      return visitor.submit(page, { code: '000000' });
    },
  };
  let app: Application;
  const begin = async (visitor: Visitor, params: Record<string, string> = {}) =>
    visitor.open((await app.request(params)).url);

  for (const [how, act] of Object.entries(acts)) {
    test(`${how}, sees the same words, and causes the same work`, async () => {
      for (app of [bound, everywhere]) {
        const expected = await see(act, addresses.nobody ?? '');
        for (const [kind, email] of Object.entries(addresses)) {
          assert.deepEqual(await see(act, email), expected, kind);
        }
      }
    });
  }

  test('by a handle and a wrong password, sees the same words, and causes the same work', async () => {
    app = bound;
    const { handle } = await world.addPerson({ handle: 'ann.known' });
    const act = acts['by a wrong password'] as Act;
    assert.deepEqual(await see(act, handle), await see(act, 'ann.other'));
  });

  async function see(act: Act, email: string): Promise<Seen> {
    await world.database.query('delete from rate_limits');
    await world.database.query('delete from mails');
    const visitor = newVisitor();
    const { hasher } = watched.app.parts;
    const hashesBefore = hasher.hashes;
    watched.database.asked = [];
    const page = await act(visitor, email);
    const [mails] = await world.database.query<{ count: number }>(
      'select count(*)::int as count from mails',
    );
    return {
      status: page.status,
      path: withoutIds(page.url.pathname, email),
      body: withoutIds(page.body, email),
      headers: Object.keys(page.headers).sort(),
      queries: watched.database.asked.filter(({ text }) => !byTheClock.test(text)).map(gist),
      hashes: hasher.hashes - hashesBefore,
      mails: mails?.count ?? 0,
    };
  }
});

/** Clients, keys and connections are read once in some seconds, whoever asks. */
const byTheClock = /from (clients|signing_keys|connections)\b/;

/** Enough of a statement to tell it from the others. */
function gist({ text }: Statement): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 120);
}

function withoutIds(text: string, email: string): string {
  return text
    .replaceAll(email, 'ADDRESS')
    .replaceAll(/\/interaction\/[\w-]+/g, '/interaction/UID')
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'REQUEST');
}
