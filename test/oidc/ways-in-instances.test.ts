import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Arrival, GuestBook, newHandle, proveNew } from '../pages/sign-in/guest-world.ts';
import type { Page } from '../support/page.ts';
import { type BalancedService, startInstances } from '../support/service.ts';
import { Application } from './application.ts';
import { addMember, addRoom, memberAs, membersOf } from './memberships.ts';
import { chooseKept, proveBoth, statusOf } from './merging.ts';
import { furnish, type World } from './world.ts';

describe('guests and merges on two instances', () => {
  let world: World<BalancedService>;
  let app: Application;
  beforeAll(async () => {
    world = await furnish(await startInstances(2));
    app = await Application.of(world);
  });
  afterAll(() => world?.close());

  /** Presses on until the application is reached, as whoever is told that a handle was just taken. */
  async function finish({ visitor, page }: Arrival, handle: string): Promise<Page> {
    let next = await visitor.submit(page, { name: 'Rosa Parks', handle });
    for (let pages = 0; next.status !== 0 && pages < 6; pages += 1) {
      const button = next.has('[name=password]') ? /Skip/ : 'Continue';
      next = await visitor.submit(next, {}, { button });
    }
    assert.equal(next.status, 0, `${next.url.pathname}: ${next.text}`);
    return next;
  }

  for (const [what, handles] of [
    ['the same handle', () => Array<string>(2).fill(newHandle())],
    ['different handles', () => [newHandle(), newHandle()]],
  ] as const) {
    test(`two proofs at once that want ${what} make one account of a guest`, async () => {
      const guest = await (await GuestBook.open(world)).add();
      const room = await addRoom(world, { name: 'Workshop' });
      await addMember(world, room, `account:${guest.id}`);
      const wanted = handles();
      const twins = [
        await proveNew(world, app, guest.email),
        await proveNew(world, app, guest.email),
      ];
      const subs = await Promise.all(
        twins.map(async (twin, index) => {
          const back = await finish(twin, wanted[index] as string);
          return (await app.redeem(twin.attempt, back)).claims()?.sub;
        }),
      );
      assert.deepEqual(subs, [guest.id, guest.id]);
      const made = await world.database.query('select id from accounts where email_key = $1', [
        guest.email,
      ]);
      assert.deepEqual(made, [{ id: guest.id }]);
      assert.deepEqual(await membersOf(world, room), [memberAs(guest.id, 'attendee', true)]);
    });
  }

  for (const which of ['this', 'the other'] as const) {
    test(`a merge that is sent four times at once, keeping ${which} one, happens once`, async () => {
      const [own, other] = [await world.addPerson(), await world.addPerson()];
      const [kept, dropped] = which === 'this' ? [own, other] : [other, own];
      const { visitor, page } = await proveBoth(world, own, other);
      const confirm = await chooseKept(visitor, page, kept);
      const { url, fields } = confirm.fill({}, { button: 'Merge for good' });
      const answers = await Promise.all(
        Array.from({ length: 4 }, () =>
          visitor.fetch(url, {
            method: 'POST',
            body: fields.toString(),
            headers: {
              'content-type': 'application/x-www-form-urlencoded',
              origin: world.url,
              'sec-fetch-site': 'same-origin',
            },
          }),
        ),
      );
      const done =
        which === 'this' ? '/account?notice=accounts_merged' : '/?notice=accounts_merged';
      for (const { status, headers } of answers) {
        assert.equal(status, 303);
        const location = headers.location ?? '';
        // Whoever came so late that nobody is signed in any more is asked to sign in.
        assert.ok(location === done || (which !== 'this' && location.startsWith('/oidc/auth')));
      }
      assert.ok(answers.some(({ headers }) => headers.location === done));
      assert.deepEqual(
        [await statusOf(world, kept), await statusOf(world, dropped)],
        ['active', 'deleted'],
      );
      const rows = await world.database.query(
        `select target from audit where action = 'account.merged' and target = $1`,
        [kept.id],
      );
      assert.equal(rows.length, 1);
    });
  }
});
