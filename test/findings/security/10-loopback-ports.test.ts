import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Client } from '../../../src/clients/clients.store.ts';
import { Application, answerOf, enterPassword, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';

const registered = ['http://127.0.0.1/callback', 'http://[::1]:4000/callback?from=desktop'];
const returned = ['http://127.0.0.1/signed-out'];

describe('an application on the person’s own machine (RFC 8252 §7.3)', () => {
  let world: World;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    ada = await world.addPerson();
  });
  afterAll(() => world.close());

  const add = (order: Partial<Client> = {}) =>
    Application.of(world, {
      ...{ tokenEndpointAuthMethod: 'none', firstParty: false },
      ...{ redirectUris: registered, postLogoutRedirectUris: returned },
      ...order,
    });
  /** Stops at every address but the service's own, as a listener of the application is there. */
  const visitor = () => newVisitor({ stopAt: ({ origin }) => origin !== world.url });

  test('signs people in on whatever port it got, by either address of the machine', async () => {
    const app = await add();
    for (const redirect_uri of [
      'http://127.0.0.1:53127/callback',
      'http://127.0.0.1:1/callback',
      'http://127.0.0.1:65535/callback',
      'http://127.0.0.1/callback',
      'http://[::1]:53127/callback?from=desktop',
      'http://[::1]/callback?from=desktop',
    ]) {
      const person = visitor();
      const attempt = await app.request({ redirect_uri });
      const consent = await enterPassword(person, await person.open(attempt.url), ada);
      const back = await person.submit(consent);
      assert.ok(back.url.href.startsWith(redirect_uri.replace(/\?.*/, '')), back.url.href);
      const code = answerOf(back).code ?? '';
      const redeem = (uri: string) =>
        openid.genericGrantRequest(app.config, 'authorization_code', {
          ...{ code, redirect_uri: uri, code_verifier: attempt.checks.pkceCodeVerifier },
        });
      const tokens = await redeem(redirect_uri);
      assert.ok(tokens.access_token);
    }
  });

  test('redeems its code with the port that it asked with, and no other', async () => {
    const app = await add();
    const person = visitor();
    const attempt = await app.request({ redirect_uri: 'http://127.0.0.1:53127/callback' });
    const consent = await enterPassword(person, await person.open(attempt.url), ada);
    const elsewhere = (await person.submit(consent)).url;
    elsewhere.port = '53128';
    await assert.rejects(app.redeem(attempt, elsewhere));
  });

  test('is asked for consent each time, as it could be any program', async () => {
    const app = await add({ firstParty: true });
    const person = visitor();
    const first = await app.request({ redirect_uri: 'http://127.0.0.1:53127/callback' });
    await person.submit(await enterPassword(person, await person.open(first.url), ada));
    const second = await app.request({
      ...{ redirect_uri: 'http://127.0.0.1:53128/callback', prompt: 'none' },
    });
    assert.equal(answerOf(await person.open(second.url)).error, 'interaction_required');
  });

  test('has its people back on its port when they have signed out', async () => {
    const app = await add();
    const person = visitor();
    const attempt = await app.request({ redirect_uri: 'http://127.0.0.1:53127/callback' });
    await person.submit(await enterPassword(person, await person.open(attempt.url), ada));
    const end = (uri: string) =>
      openid.buildEndSessionUrl(app.config, { post_logout_redirect_uri: uri, state: 'xyz' });
    const elsewhere = await person.open(end('http://127.0.0.1:53127/elsewhere'));
    assert.equal(elsewhere.status, 400);
    const back = await person.submit(await person.open(end('http://127.0.0.1:53127/signed-out')));
    assert.equal(back.url.href, 'http://127.0.0.1:53127/signed-out?state=xyz');
  });

  test('keeps its port when it has a secret, names localhost, or is our own page', async () => {
    const withSecret = await add({ tokenEndpointAuthMethod: 'client_secret_basic' });
    const byName = await add({ redirectUris: ['http://localhost:4000/callback'] });
    const ours = await add();
    const own = (await ours.request()).url;
    own.searchParams.set('client_id', 'openmeet_account');
    own.searchParams.set('scope', 'openid');
    own.searchParams.set(
      'redirect_uri',
      `${world.url.replace(/:\d+$/, ':53127')}/account/signed-in`,
    );
    for (const url of [
      (await withSecret.request({ redirect_uri: 'http://127.0.0.1:53127/callback' })).url,
      (await byName.request({ redirect_uri: 'http://localhost:53127/callback' })).url,
      own,
    ]) {
      assert.equal((await visitor().open(url)).status, 400, url.href);
    }
  });
});
