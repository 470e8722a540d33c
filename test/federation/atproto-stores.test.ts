import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { NodeSavedSession, NodeSavedState } from '@atproto/oauth-client-node';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { removeExpiredState } from '../../src/federation/atproto/state.store.ts';
import {
  requestLock,
  requestStore,
  sessionStore,
  type Vault,
} from '../../src/federation/atproto/stores.ts';
import { Fingerprints } from '../../src/secrets/fingerprints.ts';
import { KeyRing } from '../../src/secrets/keyring.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';

const did = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz';

describe('what two instances keep of Bluesky sign-ins', () => {
  let place: TestDatabase;
  let databases: [Database, Database];
  let one: Vault;
  let other: Vault;

  beforeAll(async () => {
    place = await testDatabase();
    const open = () => openDatabase({ url: place.url, poolSize: 2 });
    databases = [await open(), await open()];
    const secrets = {
      ring: new KeyRing([randomBytes(32)]),
      fingerprints: new Fingerprints(randomBytes(32)),
    };
    one = { database: databases[0], ...secrets };
    other = { database: databases[1], ...secrets };
  });

  afterAll(async () => {
    await Promise.all(databases.map((database) => database.close()));
    await place.drop();
  });

  beforeEach(() => one.database.query('delete from atproto_state'));

  const request = { iss: 'https://pds.example', verifier: 'v' } as NodeSavedState;
  const session = { tokenSet: { access_token: 'secret-token' } } as NodeSavedSession;

  test('what one began the other finishes, once', async () => {
    await requestStore(one).set('a-state', request);
    const reads = await Promise.all(
      [one, other].map((vault) => requestStore(vault).get('a-state')),
    );
    assert.deepEqual(reads.filter(Boolean), [request]);
    assert.equal(await requestStore(one).get('a-state'), undefined);
  });

  test('a session is read until it is deleted, and nobody reads it in the table', async () => {
    await sessionStore(one).set(did, session);
    assert.deepEqual(await sessionStore(other).get(did), session);
    const rows = await one.database.query('select * from atproto_state');
    assert.doesNotMatch(JSON.stringify(rows), /secret-token|ewvi7nxzyoun6zhxrhs64oiz/);
    await sessionStore(other).del(did);
    assert.equal(await sessionStore(one).get(did), undefined);
  });

  test('a sealed value does not open in the place of another', async () => {
    await sessionStore(one).set(did, session);
    await sessionStore(one).set('did:plc:other', session);
    await one.database.query(
      `update atproto_state set sealed = (select min(sealed) from atproto_state)`,
    );
    const reads = await Promise.allSettled(
      [did, 'did:plc:other'].map((name) => sessionStore(one).get(name)),
    );
    assert.deepEqual(reads.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  test('only one holds a lock at a time, with more waiting than there are connections', async () => {
    let inside = 0;
    let most = 0;
    const work = async (vault: Vault) => {
      most = Math.max(most, ++inside);
      // What the library does under it needs the database too.
      await sessionStore(vault).get(did);
      inside--;
    };
    const people = Array.from({ length: 10 }, (_, index) => (index % 2 ? one : other));
    await Promise.all(people.map((vault) => requestLock(vault)(did, () => work(vault))));
    assert.equal(most, 1);
  });

  test('a lock is free again after a failure, and after the death of its holder', async () => {
    const failing = requestLock(one)(did, () => Promise.reject(new Error('no')));
    await assert.rejects(Promise.resolve(failing), /no/);
    assert.equal(await requestLock(other)(did, () => 'free'), 'free');
    await new Promise<void>((entered) => {
      void requestLock(one)(did, () => {
        entered();
        return new Promise<never>(() => {});
      });
    });
    await one.database.query(`update atproto_state set expires_at = now() where key like 'lock:%'`);
    assert.equal(await requestLock(other)(did, () => 'free'), 'free');
  });

  test('what was never finished is removed', async () => {
    await requestStore(one).set('given-up', request);
    await one.database.query(`update atproto_state set expires_at = now() - interval '1 second'`);
    assert.equal(await requestStore(one).get('given-up'), undefined);
    await requestStore(one).set('given-up', request);
    await one.database.query(`update atproto_state set expires_at = now() - interval '1 second'`);
    assert.ok((await removeExpiredState(one.database)) > 0);
    assert.deepEqual(await one.database.query('select key from atproto_state'), []);
  });
});
