import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { createBlueskyConnector } from '../../src/federation/atproto/connector.ts';
import type { BlueskyOptions } from '../../src/federation/atproto/metadata.ts';
import type { Connector, UpstreamIdentity } from '../../src/federation/connector.ts';
import { createGuardedFetch } from '../../src/federation/guarded-fetch.ts';
import { Fingerprints } from '../../src/secrets/fingerprints.ts';
import { KeyRing } from '../../src/secrets/keyring.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { type DataServer, type Member, type Network, startNetwork } from './atproto-network.ts';
import { type Deed, passDataServer } from './atproto-person.ts';

const callbackUrl = 'http://127.0.0.1:3999/federation/bluesky/callback';

describe('sign-in with Bluesky, as a loopback client', () => {
  let network: Network;
  let home: DataServer;
  let browser: TestBrowser;
  let place: TestDatabase;
  let database: Database;
  let options: BlueskyOptions;
  /** Two instances of ours on one database. */
  let instances: [Connector, Connector];

  beforeAll(async () => {
    [network, browser, place] = await Promise.all([startNetwork(), openBrowser(), testDatabase()]);
    home = await network.startDataServer();
    database = await openDatabase({ url: place.url, poolSize: 3 });
    options = {
      database,
      ring: new KeyRing([randomBytes(32)]),
      fingerprints: new Fingerprints(randomBytes(32)),
      publicUrl: new URL(callbackUrl).origin,
      callbackUrl,
      plcUrl: network.plcUrl,
      handleResolver: home.url,
      fetch: createGuardedFetch({ allowedNetworks: ['127.0.0.0/8', '::1/128'] }),
      allowHttp: true,
    };
    instances = [createBlueskyConnector(options), createBlueskyConnector(options)];
  });

  afterAll(async () => {
    await browser?.close();
    await database?.close();
    await Promise.all([network?.close(), place?.drop()]);
  });

  type Errand = { member: Member; input: string; deed?: Deed; person?: BrowserContext };

  /** Begins at one instance and comes back to the other. */
  async function signIn({ input, person, ...rest }: Errand): Promise<UpstreamIdentity> {
    const request = newRequest(input);
    const start = await instances[0].begin(request);
    const visitor = person ?? (await browser.newPerson());
    const callback = await passDataServer(visitor, start, rest);
    if (!person) await visitor.close();
    return instances[1].finish(callback, request);
  }

  const members = async (...names: string[]) => Promise.all(names.map((n) => home.addMember(n)));

  test('a handle leads to its own server and back with DID, handle, name and picture', async () => {
    const [ada] = (await members('ada')) as [Member];
    const { blob } = await uploadPicture(home, ada);
    await putProfile(home, ada, { displayName: 'Ada Lovelace', avatar: blob });
    const identity = await signIn({ member: ada, input: '@Ada.test' });
    assert.deepEqual(identity, {
      connection: 'bluesky',
      issuer: 'atproto',
      subject: ada.did,
      email: ada.email,
      emailVerified: false,
      handleHint: 'ada.test',
      name: 'Ada Lovelace',
      picture: `${home.url}/xrpc/com.atproto.sync.getBlob?${new URLSearchParams({ did: ada.did, cid: blob.ref.$link })}`,
    });
  });

  test('the address of a server is enough: who it is, is said there', async () => {
    const [bea] = (await members('bea')) as [Member];
    const { subject, handleHint } = await signIn({ member: bea, input: home.url });
    assert.deepEqual([subject, handleHint], [bea.did, 'bea.test']);
  });

  test('a changed handle and a DID lead to the same person', async () => {
    const [cleo] = (await members('cleo')) as [Member];
    const first = await signIn({ member: cleo, input: 'cleo.test' });
    const body = { handle: 'cleopatra.test' };
    await home.call('com.atproto.identity.updateHandle', { body, jwt: cleo.jwt });
    const renamed = await signIn({ member: cleo, input: 'cleopatra.test' });
    const byDid = await signIn({ member: cleo, input: cleo.did });
    assert.equal(first.handleHint, 'cleo.test');
    assert.equal(renamed.handleHint, 'cleopatra.test');
    assert.deepEqual([renamed.subject, byDid.subject], [first.subject, first.subject]);
  });

  test('somebody who moved to another server is the same person, and the old one is not asked', async () => {
    const elsewhere = await network.startDataServer();
    const [dora] = (await members('dora')) as [Member];
    const before = await signIn({ member: dora, input: 'dora.test' });
    await network.move(dora, home, elsewhere);
    const request = newRequest(dora.did);
    const start = await instances[0].begin(request);
    assert.equal(start.origin, elsewhere.url);
    const person = await browser.newPerson();
    const after = await instances[1].finish(
      await passDataServer(person, start, { member: dora }),
      request,
    );
    assert.equal(after.subject, before.subject);
  });

  test('who denies access comes back as one who cancelled', async () => {
    const [eva] = (await members('eva')) as [Member];
    const cancelled = signIn({ member: eva, input: 'eva.test', deed: 'deny' });
    await assert.rejects(cancelled, { code: 'upstream_cancelled', status: 400 });
  });

  test('an answer counts once, even if it comes to two instances at the same moment', async () => {
    const [flora] = (await members('flora')) as [Member];
    const request = newRequest('flora.test');
    const start = await instances[0].begin(request);
    const callback = await passDataServer(await browser.newPerson(), start, { member: flora });
    const answers = await Promise.allSettled(instances.map((i) => i.finish(callback, request)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  test('an answer to another request, of another server or with another code is refused', async () => {
    const [gwen] = (await members('gwen')) as [Member];
    for (const [name, value] of [
      ['state', 'x'.repeat(43)],
      ['iss', 'https://evil.example'],
      ['code', 'cod-0000000000000000'],
    ] as const) {
      const request = newRequest('gwen.test');
      const start = await instances[0].begin(request);
      const callback = await passDataServer(await browser.newPerson(), start, { member: gwen });
      callback.searchParams.set(name, value);
      await assert.rejects(instances[1].finish(callback, request), { code: 'upstream_failed' });
    }
  });

  test('a deactivated account is refused, and one that was taken out of the directory', async () => {
    const [hera, ida] = (await members('hera', 'ida')) as [Member, Member];
    await home.call('com.atproto.server.deactivateAccount', { body: {}, jwt: hera.jwt });
    await assert.rejects(instances[0].begin(newRequest(hera.did)), {
      code: 'bluesky_account_deactivated',
      status: 403,
    });
    await network.tombstone(ida.did);
    await assert.rejects(instances[0].begin(newRequest(ida.did)), {
      code: 'bluesky_account_gone',
      status: 403,
    });
  });

  test('a handle that nobody has and a server that does not answer are told apart', async () => {
    await assert.rejects(instances[0].begin(newRequest('nobody.test')), {
      code: 'bluesky_handle_unknown',
      status: 422,
    });
    await assert.rejects(instances[0].begin(newRequest('http://localhost:9')), {
      code: 'bluesky_server_unreachable',
      status: 502,
    });
    const [jane] = (await members('jane')) as [Member];
    await home.stop();
    await assert.rejects(instances[0].begin(newRequest(jane.did)), {
      code: 'bluesky_server_unreachable',
    });
    await home.start();
    assert.equal((await signIn({ member: jane, input: 'jane.test' })).subject, jane.did);
  });

  test('nothing of a sign-in stays behind, and what is kept meanwhile is sealed', async () => {
    const [kate] = (await members('kate')) as [Member];
    await database.query('delete from atproto_state');
    const request = newRequest('kate.test');
    const start = await instances[0].begin(request);
    const [kept] = await database.query<{ key: string; sealed: string }>(
      'select key, sealed from atproto_state',
    );
    assert.ok(kept && !kept.key.includes(request.state) && !kept.sealed.includes('localhost'));
    const callback = await passDataServer(await browser.newPerson(), start, { member: kate });
    await instances[1].finish(callback, request);
    assert.deepEqual(await database.query('select kind, key from atproto_state'), []);
  });
});

function newRequest(input: string) {
  return {
    state: randomBytes(32).toString('base64url'),
    nonce: randomUUID(),
    codeVerifier: randomBytes(32).toString('base64url'),
    redirectUri: callbackUrl,
    input,
  };
}

type Blob = { $type: 'blob'; ref: { $link: string }; mimeType: string; size: number };

async function uploadPicture(server: DataServer, { jwt }: Member): Promise<{ blob: Blob }> {
  const answer = await fetch(`${server.url}/xrpc/com.atproto.repo.uploadBlob`, {
    method: 'POST',
    headers: { authorization: `Bearer ${jwt}`, 'content-type': 'image/png' },
    body: Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    ),
  });
  return (await answer.json()) as { blob: Blob };
}

async function putProfile(server: DataServer, { did, jwt }: Member, record: object): Promise<void> {
  const collection = 'app.bsky.actor.profile';
  await server.call('com.atproto.repo.putRecord', {
    body: { repo: did, collection, rkey: 'self', record: { $type: collection, ...record } },
    jwt,
  });
}
