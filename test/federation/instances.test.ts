import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../oidc/application.ts';
import { furnish, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import type { Page } from '../support/page.ts';
import { type BalancedService, startInstances } from '../support/service.ts';
import { GoogleStandIn } from './google.ts';
import { type Claims, stranger } from './person.ts';

describe('sign-in with others on two instances', () => {
  let google: GoogleStandIn;
  let world: World<BalancedService>;
  let app: Application;
  beforeAll(async () => {
    google = await GoogleStandIn.start();
    world = await furnish(await startInstances(2, { env: google.env }));
    app = await Application.of(world);
  });
  afterAll(async () => {
    await world?.close();
    await google?.stop();
  });

  async function arrive(person: Claims, visitor = newVisitor()) {
    const attempt = await app.request();
    const page = await visitor.open(attempt.url);
    google.person = person;
    return { visitor, attempt, page: await visitor.click(page, 'Google') };
  }

  const choose = (visitor: Visitor, page: Page, handle: string) =>
    visitor.submit(page, { handle }, { button: 'Continue' });

  async function made(person: { sub: string }) {
    const [row] = await world.database.query<{ accounts: number; half: number }>(
      `select count(*)::int as accounts,
          count(*) filter (where h.handle is null)::int as half
        from identities i left join handles h on h.account_id = i.account_id
          and h.state = 'active'
        where i.subject = $1`,
      [person.sub],
    );
    return row;
  }

  async function strays(): Promise<number> {
    const [row] = await world.database.query<{ count: number }>(
      `select count(*)::int as count from accounts a
        where not exists (select from identities i where i.account_id = a.id)`,
    );
    return row?.count ?? 0;
  }

  test('goes from one to the other at every step', async () => {
    const { balancer } = world.service;
    const from = balancer.served.length;
    const { visitor, attempt, page } = await arrive(stranger());
    await app.redeem(attempt, await choose(visitor, page, 'hither.thither'));
    const served = balancer.served.slice(from);
    for (const [index, port] of served.entries()) {
      if (index > 0) assert.notEqual(port, served[index - 1]);
    }
  });

  for (const [what, handles] of [
    ['different handles', ['twin.one', 'twin.two']],
    ['the same handle', ['twin.same', 'twin.same']],
  ] as const) {
    test(`makes one account of two first sign-ins at once that want ${what}`, async () => {
      const person = stranger();
      const twins = [await arrive(person), await arrive(person)];
      const subs = await Promise.all(
        twins.map(async ({ visitor, attempt, page }, index) => {
          const back = await choose(visitor, page, handles[index] as string);
          assert.equal(back.status, 0, back.text);
          return (await app.redeem(attempt, back)).claims()?.sub;
        }),
      );
      assert.equal(subs[0], subs[1]);
      assert.deepEqual(await made(person), { accounts: 1, half: 0 });
      assert.equal(await strays(), 0);
    });
  }

  test('redeems one of twenty answers to one request', async () => {
    const visitor = newVisitor();
    const page = await visitor.open((await app.request()).url);
    google.person = stranger();
    const leaving = await visitor.fetch(page.link('Google'));
    const answer = await visitor.fetch(String(leaving.headers.location));
    const url = String(answer.headers.location);
    const answers = await Promise.all(Array.from({ length: 20 }, () => visitor.fetch(url)));
    assert.equal(answers.filter(({ status }) => status === 303).length, 1);
    assert.equal(answers.filter(({ status }) => status === 400).length, 19);
  });

  test('loses nothing when both are killed between the callback and the account', async () => {
    const person = stranger();
    const { visitor, attempt, page } = await arrive(person);
    await world.service.kill('SIGKILL');
    assert.deepEqual(await made(person), { accounts: 0, half: 0 });
    await world.service.restart();
    const back = await choose(visitor, page, 'risen.again');
    assert.equal((await app.redeem(attempt, back)).claims()?.matrix_handle, 'risen.again');
  });

  test('leaves nothing half made when both are killed while the account is made', async () => {
    for (const [index, delay] of [0, 4, 8, 16].entries()) {
      const person = stranger();
      const { visitor, page } = await arrive(person);
      const sent = choose(visitor, page, `killed.midway${index}`).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, delay));
      await world.service.kill('SIGKILL');
      await sent;
      const before = await made(person);
      assert.equal(before?.half, 0);
      assert.equal(await strays(), 0);
      await world.service.restart();
      const again = await arrive(person);
      const back = /\/profile$/.test(again.page.url.pathname)
        ? await choose(again.visitor, again.page, `killed.midway${index}`)
        : again.page;
      const claims = (await app.redeem(again.attempt, back)).claims();
      assert.equal(claims?.matrix_handle, `killed.midway${index}`);
      assert.deepEqual(await made(person), { accounts: 1, half: 0 });
    }
  });
});
