import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { codeOf } from '../../factors/app.ts';
import { forgetSteps, protect } from '../../factors/protect.ts';
import { enterPassword } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import { Visitor } from '../../support/forms.ts';
import type { Page } from '../../support/page.ts';
import { actionsOn, letProofsGrowOld, visitAccount } from './visitor.ts';

const secretOn = (page: Page) =>
  page.document.querySelector('.secret')?.text.replace(/\s/g, '') ?? '';
const codesOn = (page: Page) =>
  page.document.querySelectorAll('.codes li').map((code) => code.text.trim());

describe('two-step verification on the account page', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world?.close());

  const path = () => `${world.url}/account/two-step`;

  async function visitTwoStep(person: Person) {
    const { visitor } = await visitAccount(world, person);
    return { visitor, page: await visitor.open(path()) };
  }

  test('is set up with an app, and shows recovery codes once', async () => {
    const person = await world.addPerson();
    const { visitor, page } = await visitTwoStep(person);
    const app = await visitor.submit(page);
    assert.equal(app.url.pathname, '/account/two-step/app');
    assert.match(app.document.querySelector('.qr')?.getAttribute('src') ?? '', /^data:image\/svg/);
    const secret = secretOn(app);
    const wrong = await visitor.submit(app, { code: '12345' });
    assert.equal(wrong.status, 422);
    assert.equal(secretOn(wrong), secret, 'the app need not be told again');
    const done = await visitor.submit(wrong, { code: codeOf(secret) });
    assert.equal(codesOn(done).length, 10);
    const file = done.document.querySelector('a[download]')?.getAttribute('href') ?? '';
    for (const code of codesOn(done)) assert.ok(decodeURIComponent(file).includes(code));
    assert.equal(done.headers['cache-control'], 'no-store');
    assert.match((await visitor.open(`${world.url}/account`)).text, /verification On/);
    const actions = await actionsOn(world, person.id);
    assert.deepEqual(actions.slice(-2), ['factor.added', 'recovery_codes.made']);
    const mail = await world.service.mailbox.waitForMail(person.email);
    assert.match(mail.subject ?? '', /How you sign in to/);
  });

  test('wants the second step from a session that did without it', async () => {
    const person = await world.addPerson();
    const { visitor, page } = await visitTwoStep(person);
    const app = await visitor.submit(page);
    const secret = secretOn(app);
    await visitor.submit(app, { code: codeOf(secret) });
    for (const proven of ['/account/two-step', '/account/password', '/account/email']) {
      const asked = await visitor.open(`${world.url}${proven}`);
      assert.ok(asked.has('input[name=password]'), proven);
    }
    await forgetSteps(world, person);
    const asked = await visitor.submit(await visitor.open(path()), { password: person.password });
    assert.equal(asked.heading, 'Enter the code from your app');
    const back = await visitor.submit(asked, { code: codeOf(secret) });
    assert.match(back.text, /10 codes are left/);
  });

  test('wants a proof of the last minutes', async () => {
    const person = await world.addPerson();
    const { visitor, page } = await visitTwoStep(person);
    await letProofsGrowOld(world);
    assert.ok((await visitor.submit(page)).has('input[name=password]'));
    assert.ok((await visitor.open(path())).has('input[name=password]'));
  });

  async function signedIn() {
    const person = await protect(world, await world.addPerson());
    const visitor = new Visitor();
    const asked = await enterPassword(visitor, await visitor.open(path()), person);
    const page = await visitor.submit(asked, { code: codeOf(person.secret) });
    return { person, visitor, page };
  }

  test('makes new recovery codes, and ends those before', async () => {
    const { person, visitor, page } = await signedIn();
    const codes = codesOn(await visitor.submit(page, {}, { button: 'Make new recovery codes' }));
    assert.equal(codes.length, 10);
    assert.ok(!codes.some((code) => person.recoveryCodes.includes(code)));
    assert.ok((await actionsOn(world, person.id)).includes('recovery_codes.made'));
  });

  test('goes on with another app in the place of the first', async () => {
    const { person, visitor, page } = await signedIn();
    const app = await visitor.submit(page, {}, { button: /another app/ });
    assert.notEqual(secretOn(app), person.secret);
    await visitor.submit(app, { code: codeOf(secretOn(app)) });
    await forgetSteps(world, person);
    const fresh = new Visitor();
    const asked = await enterPassword(fresh, await fresh.open(path()), person);
    assert.equal((await fresh.submit(asked, { code: codeOf(person.secret) })).status, 422);
    assert.equal((await fresh.submit(asked, { code: codeOf(secretOn(app)) })).status, 200);
  });

  test('is in the data that its owner downloads, without secret and codes', async () => {
    const { person, visitor } = await signedIn();
    const file = await visitor.fetch(`${world.url}/account/data`);
    const { secondFactors } = file.json<{
      secondFactors: { totp: object; recoveryCodes: number };
    }>();
    assert.ok(secondFactors.totp);
    assert.equal(secondFactors.recoveryCodes, 10);
    assert.ok(!file.body.includes(person.secret));
  });

  test('is turned off, and a password is enough again', async () => {
    const { person, visitor, page } = await signedIn();
    const off = await visitor.submit(page, {}, { button: 'Turn it off' });
    assert.match(off.text, /Two-step verification is off/);
    assert.ok((await actionsOn(world, person.id)).includes('factor.removed'));
    await visitAccount(world, person);
  });

  test('says when few recovery codes are left', async () => {
    const { person, visitor } = await signedIn();
    await world.database.query(
      `delete from recovery_codes where account_id = $1 and code not in (
        select code from recovery_codes where account_id = $1 limit 2)`,
      [person.id],
    );
    for (const at of [`${world.url}/account`, path()]) {
      assert.match((await visitor.open(at)).text, /Only 2 recovery codes are left/);
    }
  });
});
