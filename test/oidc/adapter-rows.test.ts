import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { AdapterPayload } from 'oidc-provider';
import { describe, test } from 'vitest';
import { withRequestContext } from '../../src/http/request-context.ts';
import { accountId, clientId, inAnHour, models, newId, useAdapter } from './adapter-world.ts';

describe('the rows of the adapter', () => {
  const { adapter, query, save, saveToken } = useAdapter();

  test('keeps no id, cookie or user code where a thief of the database could read it', async () => {
    const secrets = ['BCDFGHJM', newId()];
    for (const model of models.filter((name) => name !== 'Grant')) {
      secrets.push(await save(model, { clientId, uid: model === 'Session' ? newId() : undefined }));
    }
    const [userCode, cookie] = secrets;
    await save('DeviceCode', { clientId, userCode });
    await save('Interaction', { session: { uid: newId(), cookie } as AdapterPayload['session'] });
    const rows = await query<{ row: string }>(
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
    const [stored] = await query<{ row: string }>(
      `select payload::text as row from oidc_artifacts where payload->>'returnTo' like '%/{uid}'`,
    );
    for (const id of [uid, parJti, handle]) assert.ok(!stored?.row.includes(id));
    const found = await adapter('Interaction').find(uid);
    assert.equal(found?.returnTo, returnTo);
    assert.ok(await adapter('DeviceCode').find(found?.deviceCode as string));
    assert.ok(await adapter('PushedAuthorizationRequest').find(found?.parJti as string));
  });

  test('takes neither a stolen row id nor a made-up handle for an id', async () => {
    await query('delete from oidc_artifacts');
    const token = await saveToken('AccessToken');
    const [row] = await query<{ id: string }>('select id from oidc_artifacts');
    const { id = '' } = row ?? {};
    for (const forged of [id, `row~${id}`, `row~${id}~`, `row~${id}~${id}`, `row~${id}~AAAA`]) {
      assert.equal(await adapter('AccessToken').find(forged), undefined);
      await adapter('AccessToken').destroy(forged);
    }
    assert.ok(await adapter('AccessToken').find(token));
  });

  test('writes a session again only when something in it changed', async () => {
    const id = await save('Session', { uid: newId(), accountId, loginTs: inAnHour() - 3600 });
    const written = async () => {
      const [row] = await query<{ xmin: string }>(
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
    await rewrite((session) => ({ ...session, loginTs: inAnHour() - 3599 }));
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
    await query('delete from oidc_artifacts where grant_id = $1', [grantId]);
    await withRequestContext(newRequest(), async () => {
      assert.equal(await adapter('AccessToken').find(id), undefined);
    });
  });
});

function newRequest() {
  return { requestId: randomUUID(), address: '127.0.0.1', userAgent: '', memory: new Map() };
}
