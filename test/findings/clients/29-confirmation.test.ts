import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, answerOf, enterPassword, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';

/** What Synapse passes on from the address of its page "Confirm that it's you". */
const confirmation = { session: 'AbCdEfGhIjKlMnOp' };
const redirectUrl = 'https://chat.example/?a=1&b=ü#/login';

describe('a confirmation that Matrix asks for', () => {
  let world: World;
  let synapse: Application;
  let ada: Person;
  let ben: Person;
  beforeAll(async () => {
    world = await openWorld();
    [synapse, ada, ben] = await Promise.all([
      Application.of(world, { idpId: 'chat' }),
      world.addPerson({ name: 'Ada' }),
      world.addPerson({ name: 'Ben' }),
    ]);
  });
  afterAll(() => world.close());

  test('wants a proof of whoever is signed in, each time', async () => {
    const visitor = newVisitor();
    await synapse.signIn(visitor, ada);
    for (let times = 0; times < 2; times++) {
      const attempt = await synapse.request(confirmation);
      const page = await visitor.open(attempt.url);
      assert.equal(page.heading, 'Confirm it’s you');
      const tokens = await synapse.redeem(attempt, await enterPassword(visitor, page, ada));
      assert.equal(tokens.claims()?.sub, ada.id);
    }
  });

  test('is not confirmed in silence, nor with a wrong password', async () => {
    const visitor = newVisitor();
    await synapse.signIn(visitor, ada);
    const silent = await synapse.request({ ...confirmation, prompt: 'none' });
    assert.equal(answerOf(await visitor.open(silent.url)).error, 'login_required');
    const page = await visitor.open((await synapse.request(confirmation)).url);
    const refused = await visitor.submit(page, { email: ada.email, password: 'wrong' });
    assert.equal(refused.status, 422);
  });

  test('is asked once where Synapse’s page asks for it too', async () => {
    const visitor = newVisitor();
    await synapse.signIn(visitor, ada);
    const attempt = await synapse.request({ ...confirmation, prompt: 'login' });
    const end = await enterPassword(visitor, await visitor.open(attempt.url), ada);
    assert.equal((await synapse.redeem(attempt, end)).claims()?.sub, ada.id);
  });

  test('can be given in a browser where somebody else is signed in', async () => {
    const visitor = newVisitor();
    await synapse.signIn(visitor, ben);
    const attempt = await synapse.request(confirmation);
    const other = await visitor.click(await visitor.open(attempt.url), /^Not you/);
    const end = await enterPassword(visitor, other, ada);
    assert.equal((await synapse.redeem(attempt, end)).claims()?.sub, ada.id);
  });

  test('is none where the client is no homeserver, or the parameter none of Synapse’s', async () => {
    const visitor = newVisitor();
    const other = await Application.of(world);
    await other.signIn(visitor, ada);
    const attempt = await other.request({ ...confirmation, redirectUrl });
    const answer = answerOf(await visitor.open(attempt.url));
    assert.ok(answer.code);
    assert.ok(!('session' in answer || 'redirectUrl' in answer));
    const long = await synapse.request({ session: 'x'.repeat(2001) });
    assert.ok(answerOf(await visitor.open(long.url)).code);
  });
});

describe('what Synapse passes on of the Matrix client that asks', () => {
  let world: World;
  let synapse: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    [synapse, ada] = await Promise.all([
      Application.of(world, { idpId: 'chat' }),
      world.addPerson(),
    ]);
  });
  afterAll(() => world.close());

  test('comes back to it with a code, an error, and after a confirmation', async () => {
    const visitor = newVisitor();
    const attempt = await synapse.request({ redirectUrl });
    const page = await visitor.open(attempt.url);
    const cancelled = answerOf(await visitor.click(page, /^Cancel/));
    assert.equal(cancelled.redirectUrl, redirectUrl);
    assert.equal(cancelled.state, attempt.checks.expectedState);
    const again = await synapse.request({ redirectUrl });
    const end = await enterPassword(visitor, await visitor.open(again.url), ada);
    assert.equal(answerOf(end).redirectUrl, redirectUrl);
    assert.equal((await synapse.redeem(again, end)).claims()?.sub, ada.id);
    const repeat = await visitor.open((await synapse.request({ redirectUrl })).url);
    assert.equal(answerOf(repeat).redirectUrl, redirectUrl);
    const confirm = await visitor.open((await synapse.request(confirmation)).url);
    const stopped = answerOf(await visitor.click(confirm, /^Cancel/));
    assert.equal(stopped.session, confirmation.session);
    assert.ok(!('redirectUrl' in stopped));
  });
});
