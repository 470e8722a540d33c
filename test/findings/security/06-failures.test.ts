import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, enterPassword, newVisitor } from '../../oidc/application.ts';
import { callback, openWorld, type Person, type World } from '../../oidc/world.ts';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const budget = 300;

describe('requests of clients that fail', () => {
  let world: World;
  let ours: Application;
  let anybody: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld({ env: { TRUSTED_PROXIES: '127.0.0.1/32' } });
    const grantTypes = ['authorization_code', 'refresh_token', deviceGrant];
    [ours, anybody, ada] = await Promise.all([
      Application.of(world),
      Application.of(world, { grantTypes, tokenEndpointAuthMethod: 'none' }),
      world.addPerson(),
    ]);
  });
  afterAll(() => world.close());

  type Asked = { path?: string; address?: string; secret?: string };
  async function ask(params: Record<string, string>, asked: Asked = {}) {
    const { path = 'token', address = '198.51.100.7', secret } = asked;
    const basic = `Basic ${btoa(`${ours.client.id}:${secret}`)}`;
    const answer = await fetch(`${world.issuer}/${path}`, {
      method: 'POST',
      headers: { 'x-forwarded-for': address, ...(secret ? { authorization: basic } : {}) },
      body: new URLSearchParams(params),
    });
    const body = (await answer.json()) as { error?: string };
    return { status: answer.status, error: body.error, retry: answer.headers.get('retry-after') };
  }

  const redemption = (client: Application, code: string, verifier = 'v'.repeat(43)) => ({
    grant_type: 'authorization_code',
    client_id: client.client.id,
    redirect_uri: callback,
    code_verifier: verifier,
    code,
  });
  const made = () => redemption(anybody, 'made-up');

  /** Until the budget of this network is used up. */
  async function exhaust(address: string): Promise<void> {
    for (let times = 0; times < budget; times += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask(made(), { address })));
      for (const { error } of answers) assert.equal(error, 'invalid_grant');
    }
  }

  test('are answered alike once a network had too many of them', async () => {
    const address = '198.51.100.1';
    await exhaust(address);
    for (const [params, asked] of [
      [made(), {}],
      [redemption(ours, 'made-up'), { secret: 'wrong' }],
      [{ token: 'x' }, { path: 'introspection', secret: 'wrong' }],
      [{ client_id: anybody.client.id }, { path: 'par' }],
    ] as const) {
      const { status, error, retry } = await ask(params, { ...asked, address });
      assert.deepEqual([status, error], [429, 'temporarily_unavailable']);
      assert.ok(Number(retry) > 0 && Number(retry) <= 900);
    }
    assert.equal((await ask(made(), { address: '203.0.113.9' })).error, 'invalid_grant');
  });

  test('never stand in the way of what succeeds, nor of a client that proved itself', async () => {
    const address = '198.51.100.2';
    await exhaust(address);
    const { secret } = ours.client;
    const wrong = await ask(redemption(ours, 'made-up'), { address, secret });
    assert.deepEqual([wrong.status, wrong.error], [400, 'invalid_grant']);
    const visitor = newVisitor();
    const { url, checks } = await anybody.request();
    const consent = await enterPassword(visitor, await visitor.open(url), ada);
    const back = await visitor.submit(consent);
    const code = back.url.searchParams.get('code') ?? '';
    const right = await ask(redemption(anybody, code, checks.pkceCodeVerifier), { address });
    assert.equal(right.status, 200);
  });

  test('do not count where they are not failures: a device that waits', async () => {
    const address = '198.51.100.3';
    const started = await fetch(`${world.issuer}/device/auth`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: anybody.client.id, scope: 'openid' }),
    });
    const { device_code } = (await started.json()) as { device_code: string };
    const polling = { grant_type: deviceGrant, client_id: anybody.client.id, device_code };
    for (let times = 0; times <= budget; times += 50) {
      const all = Array.from({ length: 50 }, () => ask(polling, { address }));
      for (const { error } of await Promise.all(all)) assert.equal(error, 'authorization_pending');
    }
    assert.equal((await ask(made(), { address })).error, 'invalid_grant');
  });
});
