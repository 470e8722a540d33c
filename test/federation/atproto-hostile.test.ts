import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { createBlueskyConnector } from '../../src/federation/atproto/connector.ts';
import type { Connector } from '../../src/federation/connector.ts';
import { createGuardedFetch } from '../../src/federation/guarded-fetch.ts';
import { Fingerprints } from '../../src/secrets/fingerprints.ts';
import { KeyRing } from '../../src/secrets/keyring.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import {
  type DataServer,
  dataServerAt,
  type Member,
  type Network,
  startNetwork,
} from './atproto-network.ts';
import { passDataServer } from './atproto-person.ts';

const callbackUrl = 'http://127.0.0.1:3998/callback/bluesky';

describe('a hostile server, directory entry or address of a Bluesky account', () => {
  let network: Network;
  let home: DataServer;
  let browser: TestBrowser;
  let place: TestDatabase;
  let database: Database;
  let bluesky: Connector;
  let ada: Member;

  beforeAll(async () => {
    [network, browser, place] = await Promise.all([startNetwork(), openBrowser(), testDatabase()]);
    home = await network.startDataServer();
    database = await openDatabase({ url: place.url, poolSize: 3 });
    bluesky = createBlueskyConnector({
      database,
      ring: new KeyRing([randomBytes(32)]),
      fingerprints: new Fingerprints(randomBytes(32)),
      publicUrl: new URL(callbackUrl).origin,
      callbackUrl,
      plcUrl: network.plcUrl,
      handleResolver: home.url,
      // The network of the test is public as far as this service knows, and no other address is.
      fetch: createGuardedFetch({ allowedNetworks: ['127.0.0.1/32', '::1/128'] }),
      allowHttp: true,
    });
    ada = await home.addMember('ada');
  });

  afterAll(async () => {
    await browser?.close();
    await database?.close();
    await Promise.all([network?.close(), place?.drop()]);
  });

  test('a server cannot vouch for somebody whose own document does not name it', async () => {
    const impostor = await startImpostor(ada.did);
    const request = newRequest(impostor.url);
    const start = await bluesky.begin(request);
    assert.equal(start.origin, impostor.url);
    const callback = new URL(callbackUrl);
    callback.search = new URLSearchParams({
      ...{ state: request.state, iss: impostor.url, code: 'a-code' },
    }).toString();
    await assert.rejects(bluesky.finish(callback, request), { code: 'upstream_failed' });
    assert.deepEqual(impostor.asked.at(-1), '/oauth/token', 'it got as far as its token');
    impostor.server.close();
  });

  test("a document that claims another's handle does not get it", async () => {
    const mallory = await home.addMember('mallory');
    await network.update(mallory.did, { alsoKnownAs: ['at://ada.test'] });
    const request = newRequest(mallory.did);
    const start = await bluesky.begin(request);
    const person = await browser.newPerson();
    const callback = await passDataServer(person, start, { member: mallory });
    const identity = await bluesky.finish(callback, request);
    assert.equal(identity.subject, mallory.did);
    assert.equal(identity.handleHint, undefined);
  });

  test('an inner address is not called, whether typed or named by a document', async () => {
    const called: string[] = [];
    const inside = createServer((request, answer) => {
      called.push(request.url ?? '');
      answer.end();
    }).listen(0, '127.0.0.2');
    await once(inside, 'listening');
    const inner = `http://127.0.0.2:${(inside.address() as AddressInfo).port}`;
    const unreachable = { code: 'bluesky_server_unreachable' };
    await assert.rejects(bluesky.begin(newRequest(inner)), unreachable);
    const victim = await home.addMember('victim');
    await network.update(victim.did, { services: { atproto_pds: dataServerAt(inner) } });
    await assert.rejects(bluesky.begin(newRequest(victim.did)), unreachable);
    for (const url of ['http://169.254.169.254', 'http://[::ffff:10.0.0.1]', 'https://10.0.0.1']) {
      await assert.rejects(bluesky.begin(newRequest(url)), unreachable);
    }
    assert.deepEqual(called, []);
    inside.close();
  });
});

function newRequest(input: string) {
  const secret = () => randomBytes(32).toString('base64url');
  const request = { state: secret(), nonce: secret(), codeVerifier: secret() };
  return { ...request, redirectUri: callbackUrl, input };
}

type Impostor = { url: string; server: Server; asked: string[] };

/** A whole authorization server, as the protocol wants it, that says everyone is `did`. */
async function startImpostor(did: string): Promise<Impostor> {
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    asked.push(request.url ?? '');
    answer.setHeader('content-type', 'application/json');
    if (request.url === '/oauth/par') answer.statusCode = 201;
    answer.end(JSON.stringify(answers(url, did)[request.url ?? ''] ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  return { url, server, asked };
}

function answers(url: string, did: string): Record<string, object> {
  return {
    '/.well-known/oauth-protected-resource': { resource: url, authorization_servers: [url] },
    '/.well-known/oauth-authorization-server': {
      issuer: url,
      authorization_endpoint: `${url}/oauth/authorize`,
      token_endpoint: `${url}/oauth/token`,
      pushed_authorization_request_endpoint: `${url}/oauth/par`,
      response_types_supported: ['code'],
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      dpop_signing_alg_values_supported: ['ES256'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
    },
    '/oauth/par': { request_uri: 'urn:ietf:params:oauth:request_uri:x', expires_in: 300 },
    '/oauth/token': {
      access_token: 'a-token',
      token_type: 'DPoP',
      scope: 'atproto',
      sub: did,
      expires_in: 300,
    },
  };
}
