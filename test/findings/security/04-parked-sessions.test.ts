import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, answerOf, newVisitor, refused } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';
import type { Page } from '../../support/page.ts';

const week = 7 * 24 * 3600;

describe('an account that is put aside in a browser', () => {
  let world: World;
  let app: Application;
  let bob: Person;
  beforeAll(async () => {
    world = await openWorld();
    const backchannelLogoutUri = 'https://app.example/logout';
    [app, bob] = await Promise.all([
      Application.of(world, { backchannelLogoutUri }),
      world.addPerson({ name: 'Bob' }),
    ]);
  });
  afterAll(() => world?.close());

  async function enter(visitor: Visitor, page: Page, person: Person, stays: boolean) {
    const { email, password } = person;
    const submission = page.fill({ email, password });
    if (!stays) submission.fields.delete('remember');
    return visitor.send(submission, page);
  }

  /** Ada has signed in, then Bob, who stays. */
  async function bothAt(visitor: Visitor, { adaStays }: { adaStays: boolean }) {
    const ada = await world.addPerson({ name: 'Ada' });
    const first = await app.request();
    const back = await enter(visitor, await visitor.open(first.url), ada, adaStays);
    const tokens = await app.redeem(first, back);
    const second = await app.request({ prompt: 'login' });
    const other = await visitor.click(await visitor.open(second.url), /Not you/);
    await app.redeem(second, await enter(visitor, other, bob, true));
    return { ada, tokens };
  }

  async function choose(visitor: Visitor) {
    const attempt = await app.request({ prompt: 'select_account' });
    return { attempt, page: await visitor.open(attempt.url) };
  }

  async function whoIs(visitor: Visitor): Promise<string | undefined> {
    const attempt = await app.request({ prompt: 'login' });
    return (await visitor.open(attempt.url)).value('email');
  }

  const letProofGrowOld = ({ id }: Person, seconds: number) =>
    world.database.query(
      `update oidc_artifacts
        set payload = payload || jsonb_build_object('loginTs', (payload->>'loginTs')::int - $2::int)
        where model = 'Session' and account_id = $1`,
      [id, seconds],
    );

  /** What is left of a browser that was closed: the cookies that have an end of their own. */
  function closeAndOpen({ cookies }: Visitor): Visitor {
    const visitor = newVisitor();
    for (const { name, value, path, expires } of cookies.all) {
      if (!expires) continue;
      const header = `${name}=${value}; Path=${path}; Expires=${new Date(expires).toUTCString()}`;
      visitor.cookies.set(world.url, header);
    }
    return visitor;
  }

  test('leaves with the browser where it was not to stay signed in', async () => {
    const visitor = newVisitor();
    await bothAt(visitor, { adaStays: false });
    assert.match((await choose(visitor)).page.text, /Ada/);
    const { page } = await choose(closeAndOpen(visitor));
    assert.match(page.text, /Bob/);
    assert.doesNotMatch(page.text, /Ada/);
  });

  test('is still there after that where it was to stay', async () => {
    const visitor = newVisitor();
    const { ada } = await bothAt(visitor, { adaStays: true });
    const reopened = closeAndOpen(visitor);
    const { attempt, page } = await choose(reopened);
    const back = await reopened.submit(page, {}, { button: /Ada/ });
    assert.equal((await app.redeem(attempt, back)).claims()?.sub, ada.id, 'by a press alone');
  });

  test('leaves with the browser also when it was put aside once more', async () => {
    const visitor = newVisitor();
    const { ada } = await bothAt(visitor, { adaStays: false });
    const { attempt, page } = await choose(visitor);
    const proof = await visitor.submit(page, {}, { button: /Ada/ });
    await app.redeem(attempt, await enter(visitor, proof, ada, true));
    const again = await choose(visitor);
    answerOf(await visitor.submit(again.page, {}, { button: /Bob/ }));
    assert.match((await choose(visitor)).page.text, /Ada/);
    assert.doesNotMatch((await choose(closeAndOpen(visitor))).page.text, /Ada/);
  });

  for (const [how, adaStays, age] of [
    ['was not to stay signed in', false, 0],
    ['was not proved for a week', true, week],
  ] as const) {
    test(`is entered by a proof alone where it ${how}`, async () => {
      const visitor = newVisitor();
      const { ada, tokens } = await bothAt(visitor, { adaStays });
      await letProofGrowOld(ada, age);
      const { attempt, page } = await choose(visitor);
      const asked = await visitor.submit(page, {}, { button: /Ada/ });
      assert.ok(asked.has('[name=password]'), asked.text);
      assert.equal(asked.value('email'), ada.handle);
      assert.equal(await whoIs(visitor), bob.handle, 'nobody has changed yet');
      const back = await enter(visitor, asked, ada, true);
      const claims = (await app.redeem(attempt, back)).claims();
      assert.equal(claims?.sub, ada.id);
      assert.equal(claims?.sid, tokens.claims()?.sid, 'and goes on as the session that it was');
      assert.equal(await whoIs(visitor), ada.handle);
    });
  }

  test('is not entered by what somebody else can prove', async () => {
    const visitor = newVisitor();
    const { ada } = await bothAt(visitor, { adaStays: false });
    const { attempt, page } = await choose(visitor);
    const asked = await visitor.submit(page, {}, { button: /Ada/ });
    const carol = await world.addPerson({ name: 'Carol' });
    const tokens = await app.redeem(attempt, await enter(visitor, asked, carol, true));
    assert.equal(tokens.claims()?.sub, carol.id);
    const again = await visitor.submit((await choose(visitor)).page, {}, { button: /Ada/ });
    assert.ok(again.has('[name=password]'), ada.id);
  });
});

describe('signing out where several accounts are signed in', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  let bob: Person;
  beforeAll(async () => {
    world = await openWorld();
    const backchannelLogoutUri = 'https://app.example/logout';
    [app, ada, bob] = await Promise.all([
      Application.of(world, { backchannelLogoutUri }),
      world.addPerson({ name: 'Ada' }),
      world.addPerson({ name: 'Bob' }),
    ]);
  });
  afterAll(() => world?.close());

  async function bothSignedIn() {
    const visitor = newVisitor();
    const adas = await app.signIn(visitor, ada);
    const attempt = await app.request({ prompt: 'login' });
    const page = await visitor.click(await visitor.open(attempt.url), /Not you/);
    const back = await visitor.submit(page, { email: bob.email, password: bob.password });
    return { visitor, adas, bobs: await app.redeem(attempt, back) };
  }

  const signOutPage = (visitor: Visitor) => visitor.open(`${world.issuer}/session/end`);
  const isTold = async (sid: unknown) => {
    const jobs = await world.database.query('select from graphile_worker.jobs where key = $1', [
      `backchannel-logout:${app.client.id}:${sid}`,
    ]);
    return jobs.length === 1;
  };

  test('offers to leave none behind, and ends them all with tokens and devices', async () => {
    const { visitor, adas, bobs } = await bothSignedIn();
    const page = await signOutPage(visitor);
    assert.match(page.text, /other accounts here.*Ada/);
    await visitor.submit(page, { all: 'yes' });
    for (const tokens of [adas, bobs]) {
      await refused(app.userinfo(tokens), 'invalid_token');
      await refused(app.refresh(tokens.refresh_token), 'invalid_grant');
      assert.ok(await isTold(tokens.claims()?.sid));
    }
    for (const name of ['session', 'parked', 'parked-transient']) {
      assert.equal(visitor.cookies.find(name), undefined, name);
    }
    const { url } = await app.request({ prompt: 'select_account' });
    assert.doesNotMatch((await visitor.open(url)).text, /Ada|Bob/);
  });

  test('leaves the others signed in unless that was asked for', async () => {
    const { visitor, adas, bobs } = await bothSignedIn();
    await visitor.submit(await signOutPage(visitor));
    await refused(app.userinfo(bobs), 'invalid_token');
    assert.equal((await app.userinfo(adas)).sub, ada.id);
    const { url } = await app.request({ prompt: 'select_account' });
    assert.match((await visitor.open(url)).text, /Ada/);
  });

  test('ends no account by a form of another site', async () => {
    const { visitor, adas, bobs } = await bothSignedIn();
    const page = await signOutPage(visitor);
    const { url, method, fields } = page.fill({ all: 'yes' });
    fields.set('xsrf', 'a guess');
    await visitor.send({ url, method, fields }, page);
    for (const tokens of [adas, bobs]) assert.ok((await app.userinfo(tokens)).sub);
  });

  test('speaks of no others where there are none', async () => {
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    const page = await signOutPage(visitor);
    assert.ok(!page.has('[name=all]'));
  });
});
