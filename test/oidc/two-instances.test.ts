import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Visitor } from '../support/forms.ts';
import { codeIn } from '../support/mail.ts';
import type { Page } from '../support/page.ts';
import { type BalancedService, startInstances } from '../support/service.ts';
import { Application, answerOf, enterPassword, newVisitor } from './application.ts';
import { furnish, type World } from './world.ts';

describe('two instances on one database', () => {
  let world: World<BalancedService>;
  let app: Application;
  beforeAll(async () => {
    world = await furnish(await startInstances(2));
    app = await Application.of(world);
  });
  afterAll(() => world.close());

  /** Somebody somewhere: addresses differ, as limits are per network. */
  let people = 0;
  function somebody(): Visitor {
    people += 1;
    return newVisitor({ localAddress: `127.1.${people >> 8}.${people & 255}` });
  }

  async function upToCode(visitor: Visitor, email: string) {
    const attempt = await app.request({ prompt: 'create' });
    const page = await visitor.open(attempt.url);
    return { attempt, page: await visitor.submit(page, { email }) };
  }

  async function upToProfile(visitor: Visitor, email: string) {
    const { attempt, page } = await upToCode(visitor, email);
    const mail = await world.service.mailbox.waitForMail(email, { timeout: 60_000 });
    return { attempt, page: await visitor.submit(page, { code: codeIn(mail) }) };
  }

  const chooseHandle = (visitor: Visitor, page: Page, handle: string) =>
    visitor.submit(page, { name: 'Ada Lovelace', handle });

  test('serve one sign-up in turns, every request by the other one than the last', async () => {
    const { balancer } = world.service;
    const visitor = somebody();
    const from = balancer.served.length;
    const { attempt, page } = await upToProfile(visitor, 'turns@mail.example');
    const password = await chooseHandle(visitor, page, 'in.turns');
    const back = await visitor.submit(password, { password: 'violet-kettle-48' });
    const served = balancer.served.slice(from);
    const tokens = await app.redeem(attempt, back);
    assert.equal(tokens.claims()?.matrix_handle, 'in.turns');
    assert.ok(served.length >= 10);
    for (const [index, port] of served.entries()) {
      if (index > 0) assert.notEqual(port, served[index - 1]);
    }
  });

  test('let a person finish on the other one when theirs is killed on the way', async () => {
    const { balancer, instances } = world.service;
    const visitor = somebody();
    const { attempt, page } = await upToProfile(visitor, 'survivor@mail.example');
    const [first, second] = instances;
    await first?.kill('SIGKILL');
    const password = await chooseHandle(visitor, page, 'survivor');
    const back = await visitor.submit(password, {}, { button: /Skip/ });
    const tokens = await app.redeem(attempt, back);
    assert.equal(tokens.claims()?.matrix_handle, 'survivor');
    assert.equal(`http://127.0.0.1:${balancer.served.at(-1)}`, second?.url);
    await second?.kill('SIGKILL');
    await world.service.restart();
    const again = await app.request();
    assert.ok(answerOf(await visitor.open(again.url)).code, 'the session outlives both');
  });

  test('give a handle that 200 people want at once to exactly one of them', async () => {
    const emails = Array.from({ length: 200 }, (_, index) => `racer${index}@mail.example`);
    const racers: { visitor: Visitor; page: Page; email: string }[] = [];
    for (const group of inGroupsOf(20, emails)) {
      racers.push(
        ...(await Promise.all(
          group.map(async (email) => {
            const visitor = somebody();
            const { page } = await upToProfile(visitor, email);
            return { visitor, page, email };
          }),
        )),
      );
    }
    const pages = await Promise.all(
      racers.map(({ visitor, page }) => chooseHandle(visitor, page, 'wanted.by.all')),
    );
    const winners = pages.filter(({ url }) => url.pathname.endsWith('/password'));
    assert.equal(winners.length, 1);
    for (const page of pages) {
      if (winners.includes(page)) continue;
      assert.equal(page.status, 422, page.text);
      assert.ok(page.has('[name=handle][aria-invalid=true]'));
      const offered = page.document.querySelectorAll('button[name=suggestion]');
      assert.ok(offered.length > 0, 'the others are offered something else');
    }
    await nothingIsHalfMade();
  });

  async function nothingIsHalfMade() {
    const { database } = world;
    const [made] = await database.query<{ count: number }>(
      `select count(*)::int as count from accounts where email_key like 'racer%'`,
    );
    assert.equal(made?.count, 1);
    const handles = await database.query<{ handle: string; state: string; owned: boolean }>(
      `select h.handle, h.state, a.id is not null as owned from handles h
        left join accounts a on a.id = h.account_id where h.handle = 'wanted.by.all'`,
    );
    assert.deepEqual(handles, [{ handle: 'wanted.by.all', state: 'active', owned: true }]);
    const [stray] = await database.query<{ accounts: number; holds: number; audits: number }>(
      `select
        (select count(*)::int from accounts a where not exists (select from handles h
          where h.account_id = a.id and h.state = 'active')) as accounts,
        (select count(*)::int from handles where state = 'held') as holds,
        (select count(*)::int from audit where action = 'account.created'
          and detail->>'handle' = 'wanted.by.all') as audits`,
    );
    assert.deepEqual(stray, { accounts: 0, holds: 0, audits: 1 });
  }

  test('carry 128 sign-ins at once on a pool of 10 without a stall or a fault', async () => {
    const persons = await Promise.all(Array.from({ length: 128 }, () => world.addPerson()));
    const started = performance.now();
    const subjects = await Promise.all(
      persons.map(async (person) => {
        const visitor = somebody();
        const attempt = await app.request();
        const page = await visitor.open(attempt.url);
        const tokens = await app.redeem(attempt, await enterPassword(visitor, page, person));
        return (await app.userinfo(tokens)).sub;
      }),
    );
    const seconds = (performance.now() - started) / 1000;
    assert.deepEqual(
      subjects,
      persons.map(({ id }) => id),
    );
    assert.ok(seconds < 60, `took ${seconds.toFixed(1)} s`);
    assert.ok(!/"level":"error"/.test(world.service.logs()));
  });
});

function inGroupsOf<T>(size: number, all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}
