import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { FoundClient } from '../../../src/clients/find.ts';
import { Application, answerOf, enterPassword, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';

describe('a client that has to push its requests (RFC 9126)', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    ada = await world.addPerson();
    app = await Application.of(world, { requirePushedAuthorizationRequests: true });
  });
  afterAll(() => world.close());

  test('gets nobody signed in by a plain request, with a page or silently', async () => {
    for (const params of [{}, { prompt: 'none' }] as Record<string, string>[]) {
      const { url } = await app.request(params);
      assert.equal(answerOf(await newVisitor().open(url)).error, 'invalid_request');
    }
  });

  test('signs people in by a pushed one', async () => {
    const { url, checks } = await app.request();
    const params = Object.fromEntries(url.searchParams);
    const short = await openid.buildAuthorizationUrlWithPAR(app.config, params);
    assert.ok(short.searchParams.get('request_uri'));
    const visitor = newVisitor();
    const back = await enterPassword(visitor, await visitor.open(short), ada);
    const tokens = await app.redeem({ url: short, checks }, back);
    assert.equal(tokens.claims()?.sub, ada.id);
  });

  test('is made, and changed, by command', async () => {
    const { cli } = world.service;
    const added = await cli<FoundClient>(
      ...['clients', 'add', '--id', 'strict', '--redirect-uri', 'https://strict.example/cb'],
      ...['--require-pushed-authorization-requests', '--dpop-bound-access-tokens'],
    );
    assert.ok(added.requirePushedAuthorizationRequests && added.dpopBoundAccessTokens);
    const eased = await cli<FoundClient>(
      ...['clients', 'set', 'strict', '--no-require-pushed-authorization-requests'],
    );
    assert.equal(eased.requirePushedAuthorizationRequests, false);
    assert.equal(eased.dpopBoundAccessTokens, true, 'what is not given stays');
  });

  test('is neither Synapse’s, nor a program’s that signs nobody in, nor our own', async () => {
    const { cli } = world.service;
    const pushes = '--require-pushed-authorization-requests';
    for (const options of [
      ['matrix_synapse', pushes],
      ['matrix_synapse', '--dpop-bound-access-tokens'],
      ['openmeet_account', pushes],
      ['nobody', pushes],
    ]) {
      await assert.rejects(cli('clients', 'set', ...options), options.join(' '));
    }
    const program = ['--grant', 'client_credentials', '--scope', 'handles:read', '--all-tenants'];
    await assert.rejects(cli('clients', 'add', '--id', 'program', ...program, pushes));
  });
});
