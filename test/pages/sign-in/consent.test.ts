import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, answerOf, enterPassword, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';

describe('consent', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world, { name: 'Third Party', firstParty: false });
    ada = await world.addPerson();
  });
  afterAll(() => world.close());

  async function upToConsent(visitor: Visitor, params: Record<string, string> = {}) {
    const attempt = await app.request(params);
    const page = await visitor.open(attempt.url);
    return {
      attempt,
      page: page.has('[name=password]') ? await enterPassword(visitor, page, ada) : page,
    };
  }

  test('says who asks, for what, as whom, and where it leads', async () => {
    const { page } = await upToConsent(newVisitor(), { scope: 'openid profile email' });
    assert.match(page.heading, /Third Party/);
    assert.match(page.text, /Ada Lovelace/);
    assert.match(page.text, /app\.example/);
    assert.equal(page.document.querySelectorAll('.scopes li').length, 2);
  });

  test('once given lets the person through; asking for more asks again', async () => {
    const visitor = newVisitor();
    const first = await upToConsent(visitor, { scope: 'openid profile' });
    const tokens = await app.redeem(first.attempt, await visitor.submit(first.page));
    assert.equal(tokens.claims()?.sub, ada.id);
    const again = await app.request({ scope: 'openid profile' });
    assert.ok(answerOf(await visitor.open(again.url)).code);
    const more = await upToConsent(visitor, { scope: 'openid profile email' });
    assert.match(more.page.heading, /Third Party/);
  });

  test('refused is told to the application, and gives it nothing', async () => {
    const visitor = newVisitor();
    const { page } = await upToConsent(visitor);
    const answer = answerOf(await visitor.submit(page, {}, { button: 'Don’t allow' }));
    assert.equal(answer.error, 'access_denied');
    const silent = await app.request({ prompt: 'none' });
    assert.equal(answerOf(await visitor.open(silent.url)).error, 'consent_required');
  });

  test('is not asked for by our own confidential applications', async () => {
    const own = await Application.of(world, { firstParty: true });
    const tokens = await own.signIn(newVisitor(), ada);
    assert.equal(tokens.claims()?.sub, ada.id);
  });

  test('is asked for by public clients even when they are our own, for anybody can claim to be one', async () => {
    const mobile = await Application.of(world, { tokenEndpointAuthMethod: 'none' });
    const visitor = newVisitor();
    const page = await enterPassword(
      visitor,
      await visitor.open((await mobile.request()).url),
      ada,
    );
    assert.ok(page.has('.scopes'));
  });

  test('of one person says nothing about another in the same browser', async () => {
    const bob = await world.addPerson({ name: 'Bob' });
    const visitor = newVisitor();
    const { attempt, page } = await upToConsent(visitor);
    await app.redeem(attempt, await visitor.submit(page));
    const login = await visitor.open((await app.request({ prompt: 'login' })).url);
    const consent = await enterPassword(visitor, login, bob);
    assert.ok(consent.has('.scopes'));
    assert.match(consent.text, /Bob/);
  });
});
