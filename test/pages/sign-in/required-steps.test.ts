import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { factorsOf } from '../../../src/factors/factors.store.ts';
import { codeOf } from '../../factors/app.ts';
import { forgetSteps, protect } from '../../factors/protect.ts';
import { Application, answerOf, enterPassword, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';
import { codeIn } from '../../support/mail.ts';
import type { Page } from '../../support/page.ts';

const mfa = 'https://refeds.org/profile/mfa';

const secretOn = (page: Page) =>
  page.document.querySelector('.secret')?.text.replace(/\s/g, '') ?? '';

describe('a community that wants two steps of everybody', { timeout: 120_000 }, () => {
  let world: World;
  let app: Application;
  let tenantId: string;
  beforeAll(async () => {
    world = await openWorld();
    const tenant = await world.addTenant();
    tenantId = tenant.id;
    app = await Application.of(world, { tenantIds: [tenantId] });
  });
  afterAll(() => world.close());

  /** @param from in days from now; null where it is theirs to choose */
  const require = (from: number | null) =>
    world.database.query(
      `update tenants set mfa_required_from = now() + make_interval(days => $2) where id = $1`,
      [tenantId, from],
    );
  const newcomer = () => world.addPerson({ tenantId });
  async function firstStep(visitor: Visitor, person: Person, params: Record<string, string> = {}) {
    const attempt = await app.request(params);
    const page = await enterPassword(visitor, await visitor.open(attempt.url), person);
    return { attempt, page };
  }

  test('has an app set up in the middle of the sign-in, and goes on with both steps', async () => {
    await require(0);
    const person = await newcomer();
    const visitor = newVisitor();
    const { attempt, page } = await firstStep(visitor, person, {
      claims: JSON.stringify({ id_token: { acr: null } }),
    });
    assert.equal(page.heading, 'Set up two-step verification');
    assert.ok(!page.text.includes('Not now'));
    const wrong = await visitor.submit(page, { code: '12345' });
    assert.equal(wrong.status, 422);
    const codes = await visitor.submit(wrong, { code: codeOf(secretOn(page)) });
    assert.equal(codes.document.querySelectorAll('.codes li').length, 10);
    const back = await visitor.click(codes, 'I have kept them');
    const claims = (await app.redeem(attempt, back)).claims();
    assert.equal(claims?.acr, mfa);
    assert.ok(answerOf(await visitor.open((await app.request({ prompt: 'none' })).url)).code);
  });

  test('asks for the second step of whoever has one, by whatever the first was', async () => {
    await require(0);
    const person = await protect(world, await newcomer());
    const visitor = newVisitor();
    const page = await visitor.open((await app.request()).url);
    const mailed = await visitor.submit(page, { email: person.email }, { button: /code/i });
    const code = codeIn(await world.service.mailbox.waitForMail(person.email));
    const asked = await visitor.submit(mailed, { code });
    const box = { code: codeOf(person.secret), remember: 'yes' };
    assert.ok(answerOf(await visitor.submit(asked, box)).code);
    assert.ok(
      answerOf(await visitor.open((await app.request()).url)).code,
      'the session is enough',
    );
    await world.database.query(`delete from oidc_artifacts where model = 'Session'`);
    const { page: back } = await firstStep(visitor, person);
    assert.ok(answerOf(back).code, 'the browser is remembered');
    assert.ok(answerOf(await visitor.open((await app.request()).url)).code);
  });

  test('lets people put it off until the day that the operator has set', async () => {
    await require(3);
    const person = await newcomer();
    const visitor = newVisitor();
    const { page } = await firstStep(visitor, person);
    assert.equal(page.heading, 'Set up two-step verification');
    const later = await visitor.submit(page, {}, { button: 'Not now' });
    assert.ok(answerOf(later).code);
    assert.equal((await factorsOf(world.database, person.id)).totp, null);
    await require(0);
    const asked = await visitor.open((await app.request()).url);
    assert.ok(asked.has('input[name=password]'), 'the session of before is not enough any more');
    assert.equal(
      answerOf(await visitor.open((await app.request({ prompt: 'none' })).url)).error,
      'login_required',
    );
    const now = await visitor.submit(asked, { password: person.password });
    assert.equal(now.heading, 'Set up two-step verification');
  });

  test('cannot be put off by saying so once the day has come', async () => {
    await require(3);
    const visitor = newVisitor();
    const { page } = await firstStep(visitor, await newcomer());
    await require(0);
    const refused = await visitor.submit(page, {}, { button: 'Not now' });
    assert.equal(refused.heading, 'Set up two-step verification');
  });

  test('shows no app, and takes none, where the account has one by now', async () => {
    await require(0);
    const person = await newcomer();
    const thief = newVisitor();
    const { page } = await firstStep(thief, person);
    const { secret } = await protect(world, person);
    const late = await thief.submit(page, { code: codeOf(secretOn(page)) });
    assert.ok(late.status >= 400);
    await forgetSteps(world, person);
    const owner = newVisitor();
    const { page: asked } = await firstStep(owner, person);
    assert.ok(answerOf(await owner.submit(asked, { code: codeOf(secret) })).code);
  });

  test('leaves people alone where it is optional', async () => {
    await require(null);
    const { page } = await firstStep(newVisitor(), await newcomer());
    assert.ok(answerOf(page).code);
  });

  describe('or a client of which the operator demands it', () => {
    let strict: Application;
    beforeAll(async () => {
      strict = await Application.of(world, { tenantIds: [tenantId], acr: mfa });
      await require(null);
    });

    const enter = async (visitor: Visitor, person: Person) =>
      enterPassword(visitor, await visitor.open((await strict.request()).url), person);

    test('lets in who has proved it, whatever the request says', async () => {
      const person = await protect(world, await newcomer());
      const visitor = newVisitor();
      const asked = await enter(visitor, person);
      const code = codeOf(person.secret);
      assert.ok(answerOf(await visitor.submit(asked, { code, remember: 'yes' })).code);
      await world.database.query(`delete from oidc_artifacts where model = 'Session'`);
      const again = await enter(visitor, person);
      assert.equal(again.heading, 'Enter the code from your app', 'remembering is not enough');
    });

    test('has an app set up, and takes no “not now”', async () => {
      const visitor = newVisitor();
      const page = await enter(visitor, await newcomer());
      assert.equal(page.heading, 'Set up two-step verification');
      assert.ok(page.text.includes(strict.client.name) && !page.text.includes('Not now'));
      const fields = new URLSearchParams({ skip: 'yes' });
      const refused = await visitor.send({ url: page.url, method: 'POST', fields }, page);
      assert.equal(refused.heading, 'Set up two-step verification');
      const codes = await visitor.submit(refused, { code: codeOf(secretOn(refused)) });
      assert.ok(answerOf(await visitor.click(codes, 'I have kept them')).code);
    });

    test('takes no session of one step, and none by a code by mail', async () => {
      const person = await protect(world, await newcomer());
      const visitor = newVisitor();
      const { page } = await firstStep(visitor, person);
      await visitor.submit(page, { code: codeOf(person.secret) });
      assert.ok(answerOf(await visitor.open((await strict.request()).url)).code);
      const other = await newcomer();
      const weak = newVisitor();
      await firstStep(weak, other);
      const silent = await weak.open((await strict.request({ prompt: 'none' })).url);
      assert.equal(answerOf(silent).error, 'login_required');
      const asked = await weak.open((await strict.request()).url);
      const mailed = await weak.submit(asked, {}, { button: /code/i });
      const code = codeIn(await world.service.mailbox.waitForMail(other.email));
      const back = await weak.submit(mailed, { code });
      assert.equal(answerOf(back).error, 'unmet_authentication_requirements');
    });
  });
});
