import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { PreparedService } from '../support/service.ts';
import { join, password } from './newcomer.ts';
import { startWorld, type World } from './world.ts';

describe('signing in to one of several communities', { timeout: 120_000 }, () => {
  let world: World;
  let acme: string;
  beforeAll(async () => {
    world = await startWorld({ furnish: addAcme });
    const tenants = await world.service.cli<{ slug: string; id: string }[]>('tenants', 'list');
    acme = tenants.find(({ slug }) => slug === 'acme')?.id ?? '';
  });
  afterAll(() => world?.stop());

  const byParameter = { parameters: { tenant: 'acme' } };

  test('that the application names leads there, and nowhere else', async () => {
    await join(world, { email: 'ann@example.org', name: 'Ann', handle: 'ann', password });
    const ann = await world.newPerson();
    await ann.signIn('ann', password);
    await ann.beginSignInBy(byParameter);
    assert.match(await ann.heading(), /^Sign in/, 'being signed in elsewhere does not count');
    await ann.send({ email: 'ann@example.org', password });
    assert.match(await ann.heading(), /^Sign in/, 'nor does the password of elsewhere');
    await ann.follow('Create an account');
    assert.match(await ann.read(), /Join Acme/);
    const device = await ann.finishSignUp({
      email: 'ann@example.org',
      name: 'Ann of Acme',
      handle: 'ann-acme',
      password,
    });
    assert.equal(device.userId, '@ann-acme:matrix.example');
    assert.equal(device.login.tenant_id, acme);
    assert.equal((await world.matrixUser('ann-acme')).displayname, 'Ann of Acme');
  });

  test('by its own name in the address bar ends up at the one origin, as that community', async () => {
    const ben = await world.newPerson();
    await ben.beginSignInBy({ host: 'acme.localhost' });
    assert.equal(new URL(ben.page.url()).origin, world.service.url);
    assert.match(await ben.read(), /Acme/);
    await ben.follow('Create an account');
    const device = await ben.finishSignUp({ email: 'ben@example.org', name: 'Ben', handle: 'ben' });
    assert.equal(device.login.tenant_id, acme);
  });

  test('by a provider block of its own is the same Matrix user as by the common one', async () => {
    const cem = await world.newPerson();
    await cem.beginSignInBy({ provider: 'acme' });
    assert.match(await cem.read(), /Acme/);
    await cem.follow('Create an account');
    const account = { email: 'cem@example.org', name: 'Cem', handle: 'cem', password };
    const device = await cem.finishSignUp(account);
    assert.equal(device.login.tenant_id, acme);
    const { external_ids: ids } = await world.matrixUser('cem');
    assert.deepEqual(ids.map((id) => id.auth_provider).sort(), ['oidc-acme', 'oidc-openmeet']);
    const elsewhere = await world.newPerson();
    assert.equal((await elsewhere.signIn('cem', password)).userId, device.userId);
    await elsewhere.beginSignInBy({ provider: 'acme' });
    assert.equal((await elsewhere.arrive()).userId, device.userId);
  });

  test('can be asked for by the homeserver, where the app names no provider', async () => {
    const dora = await world.newPerson();
    await dora.page.goto(world.app.signInUrl());
    assert.equal(await dora.heading(), 'Sign in to matrix.example');
    await dora.follow('Continue with Acme');
    assert.match(await dora.read(), /Use your Acme account/);
  });

  test('lets whoever belongs to two of them choose, once the address is proved', async () => {
    const email = 'eve@example.org';
    await join(world, { email, name: 'Eve', handle: 'eve' });
    const first = await world.newPerson();
    await first.beginSignInBy(byParameter);
    await first.follow('Create an account');
    await first.finishSignUp({ email, name: 'Eve', handle: 'eve-acme' });
    const eve = await world.newPerson();
    await eve.beginSignIn();
    await eve.type({ email });
    await eve.press('Email me a code instead');
    assert.doesNotMatch(await eve.read(), /Acme/);
    await eve.enterCode(email);
    await eve.page.getByLabel(/Acme/).check();
    await eve.press('Continue');
    assert.equal((await eve.arrive()).userId, '@eve-acme:matrix.example');
  });
});

/** A community with a domain, and a provider block that signs in its people only. */
async function addAcme(service: PreparedService, synapseUrl: string) {
  const secret = 'a-secret-of-this-test-and-no-other';
  const endpoint = `${synapseUrl}/_synapse/client/oidc`;
  await service.cli(
    ...['tenants', 'add', '--slug', 'acme', '--name', 'Acme', '--domain', 'acme.localhost'],
  );
  await service.cli(
    ...['clients', 'add', '--id', 'matrix_acme', '--idp-id', 'acme', '--tenant', 'acme'],
    ...['--first-party', '--secret', secret, '--redirect-uri', `${endpoint}/callback`],
    ...['--backchannel-logout-uri', `${endpoint}/backchannel_logout`],
  );
  return { matrix_acme: secret };
}
