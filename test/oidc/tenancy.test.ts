import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { codeIn } from '../support/mail.ts';
import { Application, answerOf, enterPassword, newVisitor } from './application.ts';
import { openWorld, type Person, type World } from './world.ts';

describe('the tenant of a sign-in', () => {
  let world: World;
  let acme: { id: string; slug: string };
  let globex: { id: string; slug: string };
  let ann: Person;
  let gus: Person;
  let open: Application;
  let bound: Application;
  beforeAll(async () => {
    world = await openWorld();
    acme = await world.addTenant({ slug: 'acme', domain: 'chat.acme.example' });
    globex = await world.addTenant({ slug: 'globex' });
    ann = await world.addPerson({ tenantId: acme.id, name: 'Ann of Acme' });
    gus = await world.addPerson({ tenantId: globex.id, name: 'Gus of Globex' });
    open = await Application.of(world);
    bound = await Application.of(world, { tenantIds: [acme.id] });
  });
  afterAll(() => world.close());

  const start = async (app: Application, params: Record<string, string> = {}) =>
    newVisitor().open((await app.request(params)).url);

  test('is that of the parameter: slug, domain or id', async () => {
    for (const tenant of [acme.slug, acme.id, 'chat.acme.example', 'ACME']) {
      const page = await start(open, { tenant });
      assert.match(page.text, /acme/);
      const tokens = await open.signIn(newVisitor(), ann, { tenant });
      assert.equal(tokens.claims()?.tenant_id, acme.id);
    }
  });

  test('is refused, with an answer to the application, when it is unknown or suspended', async () => {
    const gone = await world.addTenant({ slug: 'gone' });
    await world.database.query(`update tenants set status = 'suspended' where id = $1`, [gone.id]);
    for (const tenant of ['nobody', 'gone', "x' or true --"]) {
      const answer = answerOf(await start(open, { tenant }));
      assert.equal(answer.error, 'invalid_request');
      assert.match(answer.error_description ?? '', /tenant/);
      assert.equal(answer.iss, world.issuer);
    }
  });

  test('is always that of a client bound to one', async () => {
    assert.match((await start(bound)).text, /acme/);
    assert.equal(answerOf(await start(bound, { tenant: 'globex' })).error, 'invalid_request');
    const tokens = await bound.signIn(newVisitor(), ann);
    assert.equal(tokens.claims()?.tenant_id, acme.id);
  });

  test('is one of those of a client bound to several', async () => {
    const both = await Application.of(world, { tenantIds: [acme.id, globex.id] });
    for (const person of [ann, gus]) {
      const tokens = await both.signIn(newVisitor(), person);
      assert.equal(tokens.claims()?.tenant_id, person.tenantId);
    }
    const outsider = await world.addPerson();
    const visitor = newVisitor();
    const page = await visitor.open((await both.request()).url);
    assert.equal((await enterPassword(visitor, page, outsider)).status, 403);
  });

  test('keeps people of other tenants out, also with the right password', async () => {
    const visitor = newVisitor();
    const page = await visitor.open((await bound.request()).url);
    const answer = await enterPassword(visitor, page, gus);
    assert.equal(answer.status, 422);
    assert.ok(!answer.text.includes('Gus'));
  });

  test('is asked for again when the session belongs to another one', async () => {
    const visitor = newVisitor();
    await open.signIn(visitor, gus);
    const silent = await bound.request({ prompt: 'none' });
    assert.equal(answerOf(await visitor.open(silent.url)).error, 'login_required');
    const attempt = await bound.request();
    const page = await visitor.open(attempt.url);
    assert.ok(page.has('input[name=password]'));
    assert.ok(!page.text.includes('Gus'), 'another tenant’s page does not greet them');
    const tokens = await bound.redeem(attempt, await enterPassword(visitor, page, ann));
    assert.equal(tokens.claims()?.sub, ann.id);
  });

  test('is chosen by a person whose address several communities know, after the code', async () => {
    const email = 'in.both@mail.example';
    const [first, second] = [
      await world.addPerson({ tenantId: acme.id, email }),
      await world.addPerson({ tenantId: globex.id, email }),
    ];
    const visitor = newVisitor();
    const attempt = await open.request();
    const page = await visitor.open(attempt.url);
    const code = await visitor.submit(page, { email }, { button: /code/i });
    assert.ok(!/acme|globex/.test(code.text), 'no community is named before the proof');
    const mail = await world.service.mailbox.waitForMail(email);
    const choice = await visitor.submit(code, { code: codeIn(mail) });
    assert.match(choice.text, /acme/);
    assert.match(choice.text, /globex/);
    const back = await visitor.submit(choice, { tenant: 'globex' });
    const tokens = await open.redeem(attempt, back);
    assert.equal(tokens.claims()?.sub, second.id);
    assert.notEqual(tokens.claims()?.sub, first.id);
  });

  test('can be chosen anew: who began to sign up in one community signs in to another', async () => {
    const visitor = newVisitor();
    const signIn = await visitor.open((await open.request()).url);
    const signUp = await visitor.open(`${signIn.url}/sign-up`);
    const code = await visitor.submit(signUp, { email: 'new@example.org', tenant: 'acme' });
    assert.equal(code.status, 200);
    const page = await visitor.open(`${signIn.url}/sign-in`);
    const answer = answerOf(await enterPassword(visitor, page, gus));
    assert.ok(answer.code, 'the person of the other community is signed in');
  });

  test('of its own host leads to the one public origin', async () => {
    const { url } = await open.request();
    const answer = await newVisitor().fetch(`${world.url}${url.pathname}${url.search}`, {
      headers: { host: 'chat.acme.example' },
    });
    assert.equal(answer.status, 302);
    const target = new URL(String(answer.headers.location));
    assert.equal(target.origin, world.url);
    assert.equal(target.searchParams.get('tenant'), 'acme');
    assert.equal(target.searchParams.get('client_id'), open.client.id);
  });
});
