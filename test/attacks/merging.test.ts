import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, enterPassword, newVisitor } from '../oidc/application.ts';
import { assertApart, beginMerge, chooseKept, proveBoth, statusOf } from '../oidc/merging.ts';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import { visitAccount } from '../pages/account/visitor.ts';
import type { Visitor } from '../support/forms.ts';
import type { Page } from '../support/page.ts';

describe('whoever wants to merge an account that is not theirs', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  const two = () => Promise.all([world.addPerson(), world.addPerson()]);
  const confirm = (visitor: Visitor, from: Page, { handle }: Person) =>
    visitor.send(
      {
        url: new URL(`${world.url}/account/merge/confirm`),
        method: 'POST',
        fields: new URLSearchParams({ keep: handle }),
      },
      from,
    );
  const signInAs = async (visitor: Visitor, person: Person) => {
    visitor.cookies.keep(new URL(world.url), ['session=; Max-Age=0; Path=/']);
    return enterPassword(visitor, await visitor.open(`${world.url}/account`), person);
  };

  test('gets nowhere with an account of another tenant', async () => {
    const other = await world.addTenant();
    const own = await world.addPerson();
    const foreign = await world.addPerson({ tenantId: other.id });
    const { visitor, page } = await beginMerge(world, own);
    const refused = await enterPassword(visitor, page, { ...foreign, email: foreign.handle });
    assert.match(refused.text, /don’t match/);
    await world.database.query(
      `update account_merges set other_account_id = $2, proved_at = now(), other_proved_at = now()
        where account_id = $1`,
      [own.id, foreign.id],
    );
    assert.match((await confirm(visitor, page, own)).text, /start again/);
    await assertApart(world, own, foreign);
  });

  test('gets nowhere by being signed in to it: each is proved anew, after the pair is known', async () => {
    const [own, other] = await two();
    const { visitor, page } = await beginMerge(world, own);
    assert.match((await confirm(visitor, page, own)).text, /start again/, 'neither is proved');
    const again = await enterPassword(visitor, page, other);
    assert.match(again.heading, /Confirm it’s you/);
    await signInAs(visitor, own);
    const early = await confirm(visitor, await visitor.open(`${world.url}/account`), own);
    assert.match(early.text, /start again/, 'an own sign-in for something else is no proof');
    await assertApart(world, own, other);
  });

  test('gets nowhere with a session that was open already, chosen without a proof', async () => {
    const [own, other] = await two();
    const visitor = newVisitor();
    const app = await Application.of(world);
    await app.signIn(visitor, other);
    await app.signIn(visitor, own, { prompt: 'login' });
    const page = await visitor.submit(await visitor.open(`${world.url}/account/merge`));
    assert.match(page.heading, /Sign in to your other account/);
    const chooser = await visitor.open(`${page.url.href}/accounts`);
    const fields = new URLSearchParams({ account: other.id });
    assert.ok(chooser.has(`[name=account][value="${other.id}"]`), 'its session is parked');
    const chosen = await visitor.send({ url: chooser.url, method: 'POST', fields }, chooser);
    assert.match(chosen.heading, /Sign in to your other account/);
    const [row] = await world.database.query(
      'select other_account_id as other from account_merges where account_id = $1',
      [own.id],
    );
    assert.deepEqual(row, { other: null });
  });

  test('gets nowhere in another browser, with the merge’s own cookie', async () => {
    const [own, other] = await two();
    const victim = await proveBoth(world, own, other);
    const cookie = victim.visitor.cookies.headerFor(new URL(world.url)) ?? '';
    const [, token = ''] = /(?:^|; )merge=([^;]+)/.exec(cookie) ?? [];
    assert.ok(token);
    const { visitor, page } = await visitAccount(world, own);
    visitor.cookies.keep(new URL(world.url), [`merge=${token}; Path=/`]);
    assert.match((await confirm(visitor, page, own)).text, /start again/);
    await assertApart(world, own, other);
  });

  test('gets nowhere through an old tab, signed in as somebody else since', async () => {
    const [own, other] = await two();
    const thief = await world.addPerson();
    const { visitor, page } = await proveBoth(world, own, other);
    const last = await chooseKept(visitor, page, own);
    await signInAs(visitor, thief);
    const late = await visitor.submit(last, {}, { button: 'Merge for good' });
    assert.match(late.text, /Nothing has been changed/);
    await assertApart(world, own, other, thief);
  });

  test('gets nowhere with the proof of another pair', async () => {
    const [own, other] = await two();
    const third = await world.addPerson();
    const { visitor, page } = await beginMerge(world, own);
    const again = await enterPassword(visitor, page, other);
    const start = await visitor.open(`${world.url}/account/merge`);
    assert.ok(start.text.includes(other.handle), 'signed in as the other by now');
    const second = await enterPassword(visitor, await visitor.submit(start), third);
    assert.match(second.heading, /Confirm it’s you/);
    const stale = await visitor.submit(again, { password: own.password });
    assert.doesNotMatch(stale.heading, /Which handle/, 'a proof for the first pair');
    await assertApart(world, own, other, third);
  });

  test('cannot swap the other account once it is proved', async () => {
    const [own, other] = await two();
    const third = await world.addPerson();
    const { visitor, page } = await beginMerge(world, own);
    const proofUrl = visitor.visited.filter(({ pathname }) => pathname === '/oidc/auth').at(-1);
    await enterPassword(visitor, page, other);
    await enterPassword(visitor, await visitor.open(proofUrl as URL), third);
    const [row] = await world.database.query(
      'select other_account_id as other, proved_at from account_merges where account_id = $1',
      [own.id],
    );
    assert.deepEqual(row, { other: other.id, proved_at: null });
  });

  test('cannot do it twice, or late', async () => {
    const [own, other] = await two();
    const { visitor, page } = await proveBoth(world, own, other);
    const last = await chooseKept(visitor, page, own);
    const key = visitor.cookies.headerFor(new URL(world.url)) ?? '';
    await visitor.submit(last, {}, { button: 'Merge for good' });
    const third = await world.addPerson();
    const replay = await proveBoth(world, own, third);
    const [, token = ''] = /(?:^|; )merge=([^;]+)/.exec(key) ?? [];
    replay.visitor.cookies.keep(new URL(world.url), [`merge=${token}; Path=/`]);
    await confirm(replay.visitor, replay.page, own);
    assert.equal(await statusOf(world, third), 'active', 'the first merge’s proof');
    const late = await proveBoth(world, own, third);
    await world.database.query(
      'update account_merges set expires_at = now() where account_id = $1',
      [own.id],
    );
    assert.match((await confirm(late.visitor, late.page, own)).text, /start again/);
    await assertApart(world, own, third);
  });

  test('loses what was proved when either account is recovered or changes its ways in', async () => {
    const [own, other] = await two();
    const { visitor, page } = await proveBoth(world, own, other);
    const victim = await visitAccount(world, other);
    const change = await victim.visitor.open(`${world.url}/account/password`);
    await victim.visitor.submit(change, { current: other.password, password: 'copper-lantern-93' });
    assert.match((await confirm(visitor, page, own)).text, /start again/);
    await assertApart(world, own, other);
  });

  test('cannot have another site press the button', async () => {
    const [own, other] = await two();
    const { visitor } = await proveBoth(world, own, other);
    for (const path of ['/account/merge', '/account/merge/confirm']) {
      const forged = await visitor.fetch(`${world.url}${path}`, {
        method: 'POST',
        body: `keep=${own.handle}`,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: 'https://evil.example',
          'sec-fetch-site': 'cross-site',
        },
      });
      assert.equal(forged.status, 403, path);
    }
    await assertApart(world, own, other);
  });

  test('cannot name a third account as the one to keep', async () => {
    const [own, other] = await two();
    const third = await world.addPerson();
    const { visitor, page } = await proveBoth(world, own, other);
    assert.match((await confirm(visitor, page, third)).heading, /Which handle/);
    await assertApart(world, own, other, third);
  });

  for (const [what, change, words] of [
    ['an administrator', `roles = '{tenant.admin}'`, /administers this community/],
    ['the server’s administrator', `roles = '{platform.admin}'`, /administers this community/],
    ['somebody whose chat access was taken', `matrix_access = 'revoked'`, /switched off/],
  ] as const) {
    test(`cannot merge with ${what}, whichever side they are on`, async () => {
      const [own, other] = await two();
      const { visitor, page } = await proveBoth(world, own, other);
      for (const { id } of [own, other]) {
        await setTo(world, id, change);
        assert.match((await visitor.open(`${world.url}/account/merge`)).text, words);
        const forced = await confirm(visitor, page, own);
        assert.equal(forced.status, 403);
        assert.match(forced.text, words);
        await setTo(world, id, `roles = '{}', matrix_access = 'active'`);
      }
      await assertApart(world, own, other);
    });
  }

  test('cannot use the sign-in of a visitor who was never asked to merge', async () => {
    const [own, other] = await two();
    const { visitor, page } = await beginMerge(world, own);
    const stranger = newVisitor();
    const elsewhere = await stranger.open(page.url);
    assert.equal(elsewhere.status, 400);
    await visitAccount(world, other);
    assert.match((await confirm(visitor, page, own)).text, /start again/);
    await assertApart(world, own, other);
  });
});

function setTo({ database }: World, id: string, change: string): Promise<unknown> {
  return database.query(`update accounts set ${change} where id = $1`, [id]);
}
