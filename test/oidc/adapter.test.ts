import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';
import { describe, test } from 'vitest';
import { removeExpiredArtifacts } from '../../src/oidc/artifacts.store.ts';
import {
  accountId,
  clientId,
  inAnHour,
  models,
  newId,
  tenantId,
  tokenModels,
  useAdapter,
} from './adapter-world.ts';

describe('the adapter', () => {
  const { adapter, database, place, query, save, saveToken } = useAdapter();

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
      await query(age, [id, id === recent ? 30 : 90]);
    }
    assert.equal(await removeExpiredArtifacts(database(), 3), 3);
    assert.equal(await removeExpiredArtifacts(database(), 3), 1);
    assert.equal(await removeExpiredArtifacts(database(), 3), 0);
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
      await query(change, [id, off]);
      for (const [model, token] of tokens) {
        assert.equal(await adapter(model).find(token), undefined, model);
      }
      assert.equal((await adapter('Session').find(session)) === undefined, endsSessions);
      assert.equal((await adapter('Session').findByUid(uid)) === undefined, endsSessions);
      await query(change, [id, on]);
      for (const [model, token] of tokens) assert.ok(await adapter(model).find(token), model);
    });
  }

  /** Another process with a pool of its own. */
  function consumer(id: string, tries: number) {
    const script = join(import.meta.dirname, 'consumer.ts');
    const { url, key } = place();
    const args = [script, url, key, id, `${tries}`];
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
