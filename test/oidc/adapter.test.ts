import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import Provider, { type Adapter, type AdapterPayload } from 'oidc-provider';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { withRequestContext } from '../../src/http/request-context.ts';
import { createAdapter } from '../../src/oidc/adapter.ts';
import { removeExpiredArtifacts } from '../../src/oidc/artifacts.store.ts';
import { ClientDirectory } from '../../src/oidc/clients.ts';
import { Fingerprints } from '../../src/secrets/fingerprints.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';

const key = randomBytes(32);
const tenantId = randomUUID();
const accountId = randomUUID();
const clientId = 'app';

const tokenModels = ['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode'];
const models = [
  ...tokenModels,
  ...['ClientCredentials', 'Session', 'Interaction', 'Grant', 'ReplayDetection'],
  'PushedAuthorizationRequest',
];

describe('the adapter', () => {
  let place: TestDatabase;
  let database: Database;
  let adapter: (model: string) => Adapter;

  before(async () => {
    place = await testDatabase();
    database = await openDatabase({ url: place.url, poolSize: 10 });
    const fingerprints = new Fingerprints(key);
    adapter = createAdapter({ database, fingerprints, clients: new ClientDirectory(database) });
    await database.query(`insert into tenants (id, slug, name) values ($1, 'acme', 'Acme')`, [
      tenantId,
    ]);
    await database.query(`insert into accounts (id, tenant_id, name) values ($1, $2, 'Ada')`, [
      accountId,
      tenantId,
    ]);
    await database.query(
      `insert into clients (id, name, token_endpoint_auth_method, all_tenants)
        values ($1, 'App', 'none', true)`,
      [clientId],
    );
  });
  after(async () => {
    await database.close();
    await place.drop();
  });

  const newId = () => randomBytes(32).toString('base64url');
  const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

  async function save(model: string, payload: AdapterPayload = {}, id = newId()): Promise<string> {
    const full = { jti: id, kind: model, exp: inAnHour(), ...payload };
    await adapter(model).upsert(id, full, 3600);
    return id;
  }
  const saveToken = (model: string, payload: AdapterPayload = {}) =>
    save(model, { accountId, clientId, ...payload });

  for (const model of models) {
    test(`keeps, changes and forgets a ${model}`, async () => {
      const id = await save(model, { clientId, nonce: 'first' });
      assert.equal((await adapter(model).find(id))?.nonce, 'first');
      assert.equal((await adapter(model).find(id))?.jti, id);
      await save(model, { clientId, nonce: 'second' }, id);
      assert.equal((await adapter(model).find(id))?.nonce, 'second');
      await adapter(model).destroy(id);
      assert.equal(await adapter(model).find(id), undefined);
    });
  }

  test('finds nothing under an unknown id, or as another kind of token', async () => {
    assert.equal(await adapter('AccessToken').find(newId()), undefined);
    const id = await saveToken('RefreshToken');
    assert.equal(await adapter('AccessToken').find(id), undefined);
  });

  test('lets nobody use what has expired', async () => {
    const provider = new Provider('http://localhost', { adapter });
    const expired = await saveToken('AccessToken', { exp: inAnHour() - 3690, scope: 'openid' });
    assert.equal(await provider.AccessToken.find(expired), undefined);
    const valid = await saveToken('AccessToken', { scope: 'openid' });
    assert.equal((await provider.AccessToken.find(valid))?.accountId, accountId);
  });

  test('removes what expired longer ago than clocks may differ, in batches', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => saveToken('AccessToken')));
    const [recent = '', alive = ''] = [await saveToken('AccessToken'), ids[4]];
    const age = `update oidc_artifacts set expires_at = now() - make_interval(secs => $2)
      where payload->>'nonce' = $1`;
    for (const id of [...ids.slice(0, 4), recent]) {
      await save('AccessToken', { accountId, clientId, nonce: id }, id);
      await database.query(age, [id, id === recent ? 30 : 90]);
    }
    assert.equal(await removeExpiredArtifacts(database, 3), 3);
    assert.equal(await removeExpiredArtifacts(database, 3), 1);
    assert.equal(await removeExpiredArtifacts(database, 3), 0);
    assert.ok(await adapter('AccessToken').find(recent));
    assert.ok(await adapter('AccessToken').find(alive));
  });

  test('marks as consumed once, and says so to whoever looks', async () => {
    const id = await saveToken('AuthorizationCode', { grantId: newId() });
    assert.equal((await adapter('AuthorizationCode').find(id))?.consumed, undefined);
    await adapter('AuthorizationCode').consume(id);
    const consumed = (await adapter('AuthorizationCode').find(id))?.consumed as number;
    assert.ok(Math.abs(consumed - Date.now() / 1000) < 30);
  });

  test('lets one of fifty tries at once consume a code, over two processes', async () => {
    const grantId = await save('Grant', { accountId, clientId });
    const id = await saveToken('AuthorizationCode', { grantId });
    const access = await saveToken('AccessToken', { grantId });
    const consumers = [consumer(id, 25), consumer(id, 25)];
    await Promise.all(consumers.map(({ ready }) => ready));
    for (const { start } of consumers) start();
    const worked = await Promise.all(consumers.map(({ result }) => result));
    assert.equal(
      Math.max(...worked) + Math.min(...worked),
      1,
      `${worked.join(' and ')} tries worked`,
    );
    assert.equal(await adapter('AccessToken').find(access), undefined, 'the family is revoked');
  });

  test('revokes everything that was given under a grant, and nothing else', async () => {
    const [grantId, otherGrant] = [await save('Grant'), await save('Grant')];
    const family = await Promise.all(
      tokenModels.map(async (model) => [model, await saveToken(model, { grantId })] as const),
    );
    const other = await saveToken('RefreshToken', { grantId: otherGrant });
    for (const [model] of family) await adapter(model).revokeByGrantId(grantId);
    for (const [model, id] of family) assert.equal(await adapter(model).find(id), undefined, model);
    assert.equal(await adapter('Grant').find(grantId), undefined);
    assert.ok(await adapter('RefreshToken').find(other));
    assert.ok(await adapter('Grant').find(otherGrant));
  });

  test('finds a session by its uid', async () => {
    const uid = newId();
    await save('Session', { uid, accountId });
    assert.equal((await adapter('Session').findByUid(uid))?.accountId, accountId);
    assert.equal(await adapter('Session').findByUid(newId()), undefined);
  });

  test('finds a device code by its user code, and writes it back to the same row', async () => {
    const id = await save('DeviceCode', { clientId, userCode: 'BCDFGHJK', grantId: undefined });
    const found = await adapter('DeviceCode').findByUserCode('BCDFGHJK');
    assert.equal(found?.userCode, 'BCDFGHJK');
    const handle = found?.jti as string;
    await adapter('DeviceCode').upsert(handle, { ...found, inFlight: true }, 600);
    assert.equal((await adapter('DeviceCode').find(id))?.inFlight, true);
    assert.equal((await adapter('DeviceCode').findByUserCode('BCDFGHJK'))?.inFlight, true);
    assert.equal(await adapter('DeviceCode').findByUserCode('BCDFGHJL'), undefined);
  });

  test('keeps no id, cookie or user code where a thief of the database could read it', async () => {
    const secrets = ['BCDFGHJM', newId()];
    for (const model of models.filter((name) => name !== 'Grant')) {
      secrets.push(await save(model, { clientId, uid: model === 'Session' ? newId() : undefined }));
    }
    const [userCode, cookie] = secrets;
    await save('DeviceCode', { clientId, userCode });
    await save('Interaction', { session: { uid: newId(), cookie } as AdapterPayload['session'] });
    const rows = await database.query<{ row: string }>(
      'select row_to_json(a)::text as row from oidc_artifacts a',
    );
    for (const { row } of rows) {
      for (const secret of secrets) assert.ok(!row.includes(secret), row);
    }
  });

  test('keeps in an interaction no id that its reader could go on with', async () => {
    const [uid, parJti] = [newId(), await save('PushedAuthorizationRequest')];
    await save('DeviceCode', { clientId, userCode: 'BCDFGHJN' });
    const handle = (await adapter('DeviceCode').findByUserCode('BCDFGHJN'))?.jti as string;
    const returnTo = `http://localhost/oidc/auth/${uid}`;
    await save('Interaction', { returnTo, parJti, deviceCode: handle }, uid);
    const [stored] = await database.query<{ row: string }>(
      `select payload::text as row from oidc_artifacts where payload->>'returnTo' like '%/{uid}'`,
    );
    for (const id of [uid, parJti, handle]) assert.ok(!stored?.row.includes(id));
    const found = await adapter('Interaction').find(uid);
    assert.equal(found?.returnTo, returnTo);
    assert.ok(await adapter('DeviceCode').find(found?.deviceCode as string));
    assert.ok(await adapter('PushedAuthorizationRequest').find(found?.parJti as string));
  });

  test('takes neither a stolen row id nor a made-up handle for an id', async () => {
    await database.query('delete from oidc_artifacts');
    const token = await saveToken('AccessToken');
    const [row] = await database.query<{ id: string }>('select id from oidc_artifacts');
    const { id = '' } = row ?? {};
    for (const forged of [id, `row~${id}`, `row~${id}~`, `row~${id}~${id}`, `row~${id}~AAAA`]) {
      assert.equal(await adapter('AccessToken').find(forged), undefined);
      await adapter('AccessToken').destroy(forged);
    }
    assert.ok(await adapter('AccessToken').find(token));
  });

  test('writes a session again only when something in it changed', async () => {
    const id = await save('Session', { uid: newId(), accountId, loginTs: 1 });
    const written = async () => {
      const [row] = await database.query<{ xmin: string }>(
        `select xmin::text from oidc_artifacts where model = 'Session' and account_id = $1
          order by created_at desc limit 1`,
        [accountId],
      );
      return row?.xmin;
    };
    const rewrite = (change: (session: AdapterPayload) => AdapterPayload) =>
      withRequestContext(newRequest(), async () => {
        const session = (await adapter('Session').find(id)) as AdapterPayload;
        await adapter('Session').upsert(id, change(session), 3600);
      });
    const before = await written();
    await rewrite((session) => ({ ...session, exp: (session.exp ?? 0) + 60 }));
    assert.equal(await written(), before, 'a minute more is not worth a write');
    await rewrite((session) => ({ ...session, exp: (session.exp ?? 0) + 7200 }));
    const extended = await written();
    assert.notEqual(extended, before);
    await rewrite((session) => ({ ...session, loginTs: 2 }));
    assert.notEqual(await written(), extended);
  });

  test('writes a session that gained an application in the very object it had given out', async () => {
    const id = await save('Session', { uid: newId(), accountId, authorizations: { one: {} } });
    await withRequestContext(newRequest(), async () => {
      const session = (await adapter('Session').find(id)) as AdapterPayload;
      Object.assign(session.authorizations as object, { two: {} });
      await adapter('Session').upsert(id, session, 3600);
    });
    const { authorizations = {} } = (await adapter('Session').find(id)) as AdapterPayload;
    assert.deepEqual(Object.keys(authorizations), ['one', 'two']);
  });

  test('remembers for one request only', async () => {
    const grantId = await save('Grant', { accountId, clientId });
    const id = await saveToken('AccessToken', { grantId });
    await withRequestContext(newRequest(), async () => {
      assert.ok(await adapter('AccessToken').find(id));
    });
    await database.query('delete from oidc_artifacts where grant_id = $1', [grantId]);
    await withRequestContext(newRequest(), async () => {
      assert.equal(await adapter('AccessToken').find(id), undefined);
    });
  });

  const stops = [
    {
      what: 'its account is disabled',
      change: 'update accounts set status = $2 where id = $1',
      ...{ id: accountId, off: 'disabled', on: 'active', endsSessions: true },
    },
    {
      what: 'its tenant is suspended',
      change: 'update tenants set status = $2 where id = $1',
      ...{ id: tenantId, off: 'suspended', on: 'active', endsSessions: true },
    },
    {
      what: 'its client is disabled',
      change: 'update clients set disabled_at = $2 where id = $1',
      ...{ id: clientId, off: new Date(), on: null, endsSessions: false },
    },
    {
      what: 'its client serves other tenants',
      change: 'update clients set all_tenants = $2 where id = $1',
      ...{ id: clientId, off: false, on: true, endsSessions: false },
    },
  ];
  for (const { what, change, id, off, on, endsSessions } of stops) {
    test(`finds no token once ${what}, and finds it again when that is undone`, async () => {
      const tokens = await Promise.all(
        tokenModels.map(async (model) => [model, await saveToken(model)] as const),
      );
      const uid = newId();
      const session = await save('Session', { uid, accountId });
      await database.query(change, [id, off]);
      for (const [model, token] of tokens) {
        assert.equal(await adapter(model).find(token), undefined, model);
      }
      assert.equal((await adapter('Session').find(session)) === undefined, endsSessions);
      assert.equal((await adapter('Session').findByUid(uid)) === undefined, endsSessions);
      await database.query(change, [id, on]);
      for (const [model, token] of tokens) assert.ok(await adapter(model).find(token), model);
    });
  }

  /** Another process with a pool of its own. */
  function consumer(id: string, tries: number) {
    const script = join(import.meta.dirname, 'consumer.ts');
    const args = [script, place.url, key.toString('base64'), id, `${tries}`];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    return {
      ready: lines.next(),
      start: () => child.stdin.write('go\n'),
      get result() {
        return lines.next().then(async ({ value }) => {
          await once(child, 'exit');
          return Number(value);
        });
      },
    };
  }
});

function newRequest() {
  return { requestId: randomUUID(), address: '127.0.0.1', userAgent: '', memory: new Map() };
}
