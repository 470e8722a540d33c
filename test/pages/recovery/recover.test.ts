import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import { Visitor } from '../../support/forms.ts';
import { linkIn } from '../../support/mail.ts';
import { actionsOn, visitAccount } from '../account/visitor.ts';

const fresh = 'umbrella-canyon-82';

describe('the link of a recovery mail', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world?.close());

  const askForLink = async (person: Person) => {
    const visitor = new Visitor();
    const signIn = await visitor.open(`${world.url}/account`);
    const recovery = await visitor.open(new URL(`${signIn.url.pathname}/recovery`, world.url));
    await visitor.submit(recovery, { email: person.email });
    return linkIn(await world.service.mailbox.waitForMail(person.email), /recover/);
  };
  const choosePassword = async (visitor: Visitor, link: string, password = fresh) => {
    const form = await visitor.submit(await visitor.open(link));
    assert.equal(form.url.href, `${world.url}/recover/password`);
    return visitor.submit(form, { password });
  };

  test('sets a new password in any browser, once, and ends every session', async () => {
    const person = await world.addPerson();
    const before = await visitAccount(world, person);
    const link = await askForLink(person);
    const visitor = new Visitor();
    const end = await choosePassword(visitor, link);
    assert.match(end.heading, /Sign in/);
    assert.match((await before.visitor.open(`${world.url}/account`)).heading, /Sign in/);
    await visitAccount(world, { ...person, password: fresh });
    for (const path of [link, `${world.url}/recover/password`]) {
      const again = await visitor.open(path);
      assert.equal(again.status, 400);
      assert.equal(again.heading, 'This link doesn’t work any more');
    }
    assert.ok((await actionsOn(world, person.id)).includes('account.recovered'));
  });

  test('is worth nothing once an operator has disabled its account, also when that ends', async () => {
    const person = await world.addPerson();
    const link = await askForLink(person);
    await world.service.cli('accounts', 'disable', `@${person.handle}`, '--yes');
    await world.service.cli('accounts', 'enable', `@${person.handle}`);
    const page = await new Visitor().open(link);
    assert.deepEqual([page.status, page.heading], [400, 'This link doesn’t work any more']);
  });

  test('changes nothing when it is only opened, however often', async () => {
    const person = await world.addPerson();
    const link = await askForLink(person);
    for (let count = 0; count < 3; count++) {
      const page = await new Visitor().open(link);
      assert.equal(page.heading, 'Set a new password?');
      assert.match(page.text, new RegExp(person.email));
      assert.equal(page.headers['cache-control'], 'no-store');
      assert.equal(page.headers['referrer-policy'], 'same-origin');
    }
    await visitAccount(world, person);
    await choosePassword(new Visitor(), link);
  });

  test('leaves the address of the page with the first click', async () => {
    const link = await askForLink(await world.addPerson());
    const visitor = new Visitor();
    await visitor.submit(await visitor.open(link));
    assert.deepEqual(
      visitor.visited.slice(1).map(({ href }) => href),
      [`${world.url}/recover`, `${world.url}/recover/password`],
    );
    const token = new URL(link).searchParams.get('token') ?? '';
    const requests = world.service
      .logs()
      .split('\n')
      .filter((line) => line.includes('"request"'));
    assert.ok(requests.some((line) => line.includes('/recover')));
    assert.ok(!requests.some((line) => line.includes(token)));
  });

  test('survives a password that is refused', async () => {
    const person = await world.addPerson();
    const visitor = new Visitor();
    const refused = await choosePassword(visitor, await askForLink(person), 'password1');
    assert.equal(refused.status, 422);
    assert.match(refused.text, /Many people use this password/);
    await visitor.submit(refused, { password: fresh });
    await visitAccount(world, { ...person, password: fresh });
  });

  test('works for one of two who use it at once', async () => {
    const person = await world.addPerson();
    const link = await askForLink(person);
    const forms = await Promise.all(
      [new Visitor(), new Visitor()].map(async (visitor) => ({
        visitor,
        form: await visitor.submit(await visitor.open(link)),
      })),
    );
    const ends = await Promise.all(
      forms.map(({ visitor, form }, index) =>
        visitor.submit(form, { password: `${fresh}-${index}` }),
      ),
    );
    assert.deepEqual(ends.map(({ status }) => status).sort(), [200, 400]);
  });

  test('is worth nothing once a newer one was sent or the address has changed', async () => {
    const person = await world.addPerson();
    const first = await askForLink(person);
    const second = await askForLink(person);
    assert.equal((await new Visitor().open(first)).status, 400);
    await world.database.query(
      `update accounts set email = 'x' || email, email_key = 'x' || email_key where id = $1`,
      [person.id],
    );
    assert.equal((await new Visitor().open(second)).status, 400);
  });

  test('must be confirmed by a form of ours', async () => {
    const link = await askForLink(await world.addPerson());
    const token = new URL(link).searchParams.get('token') ?? '';
    const answer = await new Visitor().fetch(`${world.url}/recover`, {
      method: 'POST',
      body: new URLSearchParams({ token }).toString(),
      headers: { origin: 'https://evil.example' },
    });
    assert.equal(answer.status, 403);
  });

  test('cannot be made up', async () => {
    for (const token of ['', 'x', 'A'.repeat(43), '%00', '<script>']) {
      const page = await new Visitor().open(
        `${world.url}/recover?token=${encodeURIComponent(token)}`,
      );
      assert.equal(page.status, 400);
    }
    const visitor = new Visitor();
    visitor.cookies.set(world.url, 'recovery=made.up.by.me; Path=/');
    assert.equal((await visitor.open(`${world.url}/recover/password`)).status, 400);
  });
});
