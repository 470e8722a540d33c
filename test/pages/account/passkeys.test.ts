import assert from 'node:assert/strict';
import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Credential, makeCredential } from '../../factors/authenticator.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';
import type { Page } from '../../support/page.ts';
import { actionsOn, letProofsGrowOld, visitAccount } from './visitor.ts';

describe('passkeys on the account page', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld({ host: 'localhost' });
  });
  afterAll(() => world?.close());

  const place = () => ({ origin: new URL(world.url).origin, rpId: 'localhost' });
  const path = () => `${world.url}/account/passkeys`;

  const askOptions = (visitor: Visitor, page: Page, headers: Record<string, string> = {}) =>
    visitor.fetch(`${path()}/options`, { method: 'POST', from: page.url, body: '', headers });

  async function visit() {
    const person = await world.addPerson();
    const { visitor } = await visitAccount(world, person);
    return { person, visitor, page: await visitor.open(path()) };
  }

  async function make(visitor: Visitor, page: Page): Promise<[Credential, string]> {
    const answer = await askOptions(visitor, page);
    const options = answer.json<PublicKeyCredentialCreationOptionsJSON>();
    const { credential, response } = makeCredential(options, place());
    return [credential, JSON.stringify(response)];
  }

  test('are added, told of by mail, renamed and removed', async () => {
    const { person, visitor, page } = await visit();
    assert.match(page.text, /None yet/);
    const [, credential] = await make(visitor, page);
    const added = await visitor.submit(page, { credential });
    assert.match(added.text, /Your passkey is there/);
    const mail = await world.service.mailbox.waitForMail(person.email);
    assert.match(mail.text ?? '', /A passkey was added/);
    const list = await visitor.open(path());
    assert.match(list.text, /Linux.*never used.*synced between your devices/);
    const file = await visitor.fetch(`${world.url}/account/data`);
    const { passkeys } = file.json<{ passkeys: { name: string }[] }>();
    assert.deepEqual(
      passkeys.map(({ name }) => name),
      ['Linux'],
    );
    const one = await visitor.click(list, 'Change');
    const nameless = await visitor.submit(one, { label: ' ' });
    assert.equal(nameless.status, 422);
    const renamed = await visitor.submit(nameless, { label: 'My <b>phone</b>' });
    assert.match(renamed.text, /My <b>phone<\/b>/);
    const removed = await visitor.submit(
      await visitor.click(renamed, 'Change'),
      {},
      { button: 'Remove this passkey' },
    );
    assert.match(removed.text, /The passkey is removed/);
    assert.match((await visitor.open(path())).text, /None yet/);
    const actions = (await actionsOn(world, person.id)).filter((one) => one.startsWith('factor.'));
    assert.deepEqual(actions, ['factor.added', 'factor.renamed', 'factor.removed']);
  });

  test('are not added twice by one answer, nor in another browser, nor to another account', async () => {
    const first = await visit();
    const [, credential] = await make(first.visitor, first.page);
    const elsewhere = await visitAccount(world, first.person);
    const second = await visit();
    for (const { visitor } of [elsewhere, second]) {
      const refused = await visitor.submit(await visitor.open(path()), { credential });
      assert.equal(refused.status, 422);
      assert.match(refused.text, /couldn’t be added/);
    }
    assert.match((await first.visitor.submit(first.page, { credential })).text, /is there/);
    const again = await first.visitor.submit(first.page, { credential });
    assert.match(again.text, /couldn’t be added/);
  });

  test('say in words that they need scripts, and take nothing but what a browser makes', async () => {
    const { visitor, page } = await visit();
    assert.match((await visitor.submit(page)).text, /needs JavaScript/);
    for (const credential of [
      '{}',
      'no JSON',
      '[]',
      '{"id":"a","rawId":"a","type":"public-key"}',
    ]) {
      const refused = await visitor.submit(page, { credential });
      assert.equal(refused.status, 422, credential);
      assert.match(refused.text, /couldn’t be added/);
    }
  });

  test('want a proof of the last minutes', async () => {
    const { visitor, page } = await visit();
    const [, credential] = await make(visitor, page);
    await letProofsGrowOld(world);
    assert.ok((await visitor.open(path())).has('input[name=password]'));
    assert.ok((await visitor.submit(page, { credential })).has('input[name=password]'));
    assert.equal((await askOptions(visitor, page)).status, 303);
  });

  test('are asked for by no other site', async () => {
    const { visitor, page } = await visit();
    const refused = await askOptions(visitor, page, { 'sec-fetch-site': 'cross-site' });
    assert.equal(refused.status, 403);
  });

  test('of somebody else are not shown, renamed or removed', async () => {
    const first = await visit();
    const [, credential] = await make(first.visitor, first.page);
    await first.visitor.submit(first.page, { credential });
    const list = await first.visitor.open(path());
    const theirs = await first.visitor.click(list, 'Change');
    const { visitor } = await visit();
    const shown = await visitor.open(theirs.url);
    assert.equal(shown.heading, 'Passkeys');
    const { url, fields } = theirs.fill({}, { button: 'Remove this passkey' });
    fields.delete('owner');
    await visitor.send({ url, method: 'POST', fields }, shown);
    assert.match((await first.visitor.open(path())).text, /never used/);
  });

  test('are where password managers look for them', async () => {
    const visitor = await visit();
    const { url } = world;
    const answer = await visitor.visitor.fetch(`${url}/.well-known/passkey-endpoints`);
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
    const manage = `${url}/account/passkeys`;
    assert.deepEqual(answer.json(), { enroll: manage, manage });
    const change = await visitor.visitor.fetch(`${url}/.well-known/change-password`);
    assert.equal(change.status, 302);
    assert.equal(new URL(change.headers.location ?? '', url).pathname, '/account/password');
  });
});

test('passkeys are not offered at an address, and the start says where they are', async () => {
  const world = await openWorld();
  try {
    const { visitor, page } = await visitAccount(world, await world.addPerson());
    assert.doesNotMatch(page.text, /Passkeys/);
    assert.equal((await visitor.open(`${world.url}/account/passkeys`)).url.pathname, '/account');
    const endpoints = await visitor.fetch(`${world.url}/.well-known/passkey-endpoints`);
    assert.equal(endpoints.status, 404);
    assert.match(world.service.logs(), /passkeys .*http:\/\/localhost:3000 has them/);
  } finally {
    await world.close();
  }
});
