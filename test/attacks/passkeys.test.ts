import assert from 'node:assert/strict';
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Credential, useCredential } from '../factors/authenticator.ts';
import { givePasskey, placeOf } from '../factors/give-passkey.ts';
import { Application, newVisitor } from '../oidc/application.ts';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import type { Page } from '../support/page.ts';

describe('whoever signs in with a passkey', { timeout: 120_000 }, () => {
  let world: World;
  let app: Application;
  let ada: Person;
  let key: Credential;
  beforeAll(async () => {
    world = await openWorld({ host: 'localhost' });
    app = await Application.of(world);
    ada = await world.addPerson();
    key = await givePasskey(world, ada);
  });
  afterAll(() => world?.close());

  const begin = async (visitor: Visitor, params: Record<string, string> = {}) => {
    const attempt = await app.request(params);
    return { attempt, page: await visitor.open(attempt.url) };
  };

  const passkeyUrl = (page: Page) =>
    new URL(
      page.document.querySelector('form[data-passkey]')?.getAttribute('action') ?? '',
      page.url,
    );

  async function ask(visitor: Visitor, page: Page) {
    const url = `${passkeyUrl(page).href}/options`;
    const answer = await visitor.fetch(url, { method: 'POST', from: page.url, body: '' });
    assert.equal(answer.status, 200, answer.body);
    return answer.json<PublicKeyCredentialRequestOptionsJSON>();
  }

  const send = (visitor: Visitor, page: Page, answer: unknown) =>
    visitor.submit(page, { credential: JSON.stringify(answer) }, { form: 'credential' });

  type Lies = Parameters<typeof useCredential>[3];

  /** From the application to the answer; `lies` is what is wrong. */
  async function tryWith(credential: Credential, lies: Lies = {}, params = {}) {
    const visitor = newVisitor();
    const { attempt, page } = await begin(visitor, params);
    const answer = useCredential(await ask(visitor, page), credential, placeOf(world), lies);
    return { attempt, visitor, page, answer, next: await send(visitor, page, answer) };
  }

  function assertRefused(next: Page, message = '') {
    assert.equal(next.status, 422, message);
    assert.match(next.text, /passkey didn’t work here/, message);
  }

  test('is in, and the application is told of two factors that no false page can ask for', async () => {
    const claims = JSON.stringify({ id_token: { acr: null, amr: null } });
    for (const [isBound, method] of [
      [false, 'swk'],
      [true, 'hwk'],
    ] as const) {
      const credential = await givePasskey(world, ada, { isBound });
      const { attempt, next } = await tryWith(credential, {}, { claims });
      const tokens = await app.redeem(attempt, next);
      assert.equal(tokens.claims()?.sub, ada.id);
      assert.equal(tokens.claims()?.acr, 'https://refeds.org/profile/mfa');
      assert.deepEqual(tokens.claims()?.amr, [method, 'user', 'mfa']);
    }
  });

  test('has done both steps where an app is set up, or where the client insists on two', async () => {
    const acr = { essential: true, value: 'https://refeds.org/profile/mfa' };
    const { attempt, next } = await tryWith(
      key,
      {},
      { claims: JSON.stringify({ id_token: { acr } }) },
    );
    assert.ok(await app.redeem(attempt, next));
  });

  test('cannot use one answer twice', async () => {
    const { answer, next } = await tryWith(key);
    assert.equal(next.status, 0);
    const visitor = newVisitor();
    const { page } = await begin(visitor);
    await ask(visitor, page);
    assertRefused(await send(visitor, page, answer));
  });

  test('cannot use the answer of another browser, or of another sign-in in the same one', async () => {
    const victim = newVisitor();
    const { page: theirs } = await begin(victim);
    const answer = useCredential(await ask(victim, theirs), key, placeOf(world));
    const visitor = newVisitor();
    const { page } = await begin(visitor);
    await ask(visitor, page);
    assertRefused(await send(visitor, page, answer));
    const { page: second } = await begin(victim);
    assertRefused(await send(victim, second, answer));
  });

  test('cannot use the challenge of a sign-in in another browser', async () => {
    const { challenge } = await (async () => {
      const visitor = newVisitor();
      const { page } = await begin(visitor);
      return ask(visitor, page);
    })();
    assertRefused((await tryWith(key, { challenge })).next);
  });

  test('cannot use what was made for another origin or host, or without proof of who was there', async () => {
    const all: Lies[] = [
      { origin: 'https://evil.example' },
      { origin: 'http://localhost:1' },
      { rpId: 'evil.example' },
      { verified: false },
      { type: 'webauthn.create' },
      { challenge: 'AAAA' },
    ];
    for (const lies of all) assertRefused((await tryWith(key, lies)).next, JSON.stringify(lies));
  });

  test('cannot be somebody else by saying so', async () => {
    const eve = await givePasskey(world, await world.addPerson());
    const { id, userHandle } = key;
    for (const lies of [{ id }, { userHandle }, { id, userHandle }]) {
      assertRefused((await tryWith(eve, lies)).next, JSON.stringify(lies));
    }
  });

  test('cannot take a passkey into another community', async () => {
    const { slug } = await world.addTenant();
    assertRefused((await tryWith(key, {}, { tenant: slug })).next);
  });

  test('is not in any more once the account is disabled', async () => {
    const bob = await world.addPerson();
    const credential = await givePasskey(world, bob);
    await world.service.cli('accounts', 'disable', bob.handle, '--yes');
    assertRefused((await tryWith(credential)).next);
  });

  test('cannot put a copied key to use unnoticed', async () => {
    const credential = await givePasskey(world, ada, { isBound: true, counter: 5 });
    const copy = { ...credential };
    assert.equal((await tryWith(credential)).next.status, 0);
    assert.equal((await tryWith(credential)).next.status, 0);
    assertRefused((await tryWith(copy)).next);
    const [row] = await world.database.query<{ reason: string }>(
      `select detail->>'reason' as reason from audit where target = $1
        and action = 'factor.refused' order by id desc limit 1`,
      [ada.id],
    );
    assert.equal(row?.reason, 'counter');
  });

  test('learns nothing of who has one, and cannot have another site ask', async () => {
    const visitor = newVisitor();
    const { page } = await begin(visitor, { login_hint: ada.email });
    const options = await ask(visitor, page);
    assert.deepEqual(options.allowCredentials ?? [], []);
    const refused = await visitor.fetch(`${passkeyUrl(page).href}/options`, {
      ...{ method: 'POST', from: page.url, body: '' },
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    assert.equal(refused.status, 403);
  });

  test('sends what no browser makes, and is told so', async () => {
    const visitor = newVisitor();
    const { page } = await begin(visitor);
    for (const answer of [{}, [], null, 'x', { id: 'a', rawId: 'a', type: 'public-key' }]) {
      assertRefused(await send(visitor, page, answer));
    }
  });
});
