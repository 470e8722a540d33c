import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import Koa from 'koa';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { createBlueskyConnector } from '../../src/federation/atproto/connector.ts';
import type { BlueskyOptions } from '../../src/federation/atproto/metadata.ts';
import { blueskyRoutes } from '../../src/federation/atproto/routes.ts';
import { clientKeyRoutes } from '../../src/federation/client-key-routes.ts';
import { rotateClientKeys } from '../../src/federation/client-keys.ts';
import { createGuardedFetch } from '../../src/federation/guarded-fetch.ts';
import { Fingerprints } from '../../src/secrets/fingerprints.ts';
import { KeyRing } from '../../src/secrets/keyring.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { freePorts } from '../support/ports.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { type DataServer, type Network, startNetwork } from './atproto-network.ts';
import { passDataServer } from './atproto-person.ts';

/** Invented: the data server finds it where we tell it to. */
const publicUrl = 'https://id.openmeet.community';
const callbackUrl = `${publicUrl}/callback/bluesky`;

describe('sign-in with Bluesky, as a confidential client', () => {
  let network: Network;
  let home: DataServer;
  let browser: TestBrowser;
  let place: TestDatabase;
  let database: Database;
  let options: BlueskyOptions;
  let site: Server;
  let siteUrl: string;

  beforeAll(async () => {
    [network, browser, place] = await Promise.all([startNetwork(), openBrowser(), testDatabase()]);
    database = await openDatabase({ url: place.url, poolSize: 3 });
    const [port = 0] = await freePorts(1);
    siteUrl = `http://127.0.0.1:${port}`;
    home = await network.startDataServer({ knows: { origin: publicUrl, url: siteUrl } });
    options = {
      database,
      ring: new KeyRing([randomBytes(32)]),
      fingerprints: new Fingerprints(randomBytes(32)),
      publicUrl,
      callbackUrl,
      plcUrl: network.plcUrl,
      handleResolver: home.url,
      fetch: createGuardedFetch({ allowedNetworks: ['127.0.0.0/8', '::1/128'] }),
      allowHttp: true,
    };
    site = new Koa()
      .use(blueskyRoutes(options).routes())
      .use(clientKeyRoutes(options).routes())
      .listen(port, '127.0.0.1');
    await once(site, 'listening');
  });

  afterAll(async () => {
    await browser?.close();
    site?.close();
    await database?.close();
    await Promise.all([network?.close(), place?.drop()]);
  });

  async function document<T>(path: string): Promise<T> {
    return (await (await fetch(siteUrl + path)).json()) as T;
  }

  test('its documents name it, its one way back and keys without their secrets', async () => {
    const metadata = await document<Record<string, unknown>>('/oauth/client-metadata.json');
    assert.equal(metadata.client_id, `${publicUrl}/oauth/client-metadata.json`);
    assert.equal(metadata.jwks_uri, `${publicUrl}/oauth/jwks.json`);
    assert.deepEqual(metadata.redirect_uris, [callbackUrl]);
    assert.equal(metadata.token_endpoint_auth_method, 'private_key_jwt');
    assert.equal(metadata.dpop_bound_access_tokens, true);
    const { keys } = await document<{ keys: object[] }>('/oauth/jwks.json');
    assert.deepEqual(
      keys.map((key) => Object.keys(key).sort().join()),
      ['alg,crv,kid,kty,use,x,y'],
    );
  });

  test('people sign in, also after its keys were rotated, at whichever instance', async () => {
    const member = await home.addMember('lina');
    const subjects: string[] = [];
    for (const instance of [createBlueskyConnector(options), createBlueskyConnector(options)]) {
      const request = {
        ...{ state: randomBytes(32).toString('base64url'), nonce: 'n', codeVerifier: 'v' },
        ...{ redirectUri: callbackUrl, input: 'lina.test' },
      };
      const start = await instance.begin(request);
      assert.equal(start.searchParams.get('client_id'), `${publicUrl}/oauth/client-metadata.json`);
      const person = await browser.newPerson();
      const callback = await passDataServer(person, start, { member });
      assert.equal(callback.origin, publicUrl);
      subjects.push((await instance.finish(callback, request)).subject);
      await person.close();
      // As if it had been done two days ago: the new key signs alone, and no cache lives so long.
      await rotateClientKeys(options, { now: Date.now() - 2 * 24 * 3_600_000 });
      await home.stop();
      await home.start();
    }
    assert.deepEqual(subjects, [member.did, member.did]);
  });
});
