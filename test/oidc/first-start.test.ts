import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { testDatabase } from '../support/postgres.ts';
import { type Service, startService } from '../support/service.ts';

describe('the client for Synapse', () => {
  let made: Awaited<ReturnType<typeof testDatabase>>;
  const running: Service[] = [];
  beforeAll(async () => {
    made = await testDatabase();
  });
  afterAll(async () => {
    await Promise.all(running.map((service) => service.stop()));
    await made.drop();
  });

  async function clientAt(synapse: string | undefined) {
    const service = await startService({
      databaseUrl: made.url,
      env: {
        ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
        ...(synapse ? { SYNAPSE_URL: synapse } : {}),
      },
    });
    running.push(service);
    return {
      service,
      client: await service.cli<{ redirectUris: string[]; backchannelLogoutUri: string }>(
        ...['clients', 'show', 'matrix_synapse'],
      ),
    };
  }

  test('is there from the first start, and moves with the Synapse that is configured', async () => {
    const first = await clientAt(undefined);
    assert.equal(first.client.redirectUris.length, 1);
    for (const synapse of ['http://127.0.0.1:8008', 'http://127.0.0.1:8009']) {
      const { client } = await clientAt(synapse);
      assert.deepEqual(client.redirectUris, [`${synapse}/_synapse/client/oidc/callback`]);
      assert.equal(
        client.backchannelLogoutUri,
        `${synapse}/_synapse/client/oidc/backchannel_logout`,
      );
    }
  });

  test('keeps the addresses that an operator gave it', async () => {
    const { service } = await clientAt('http://127.0.0.1:8009');
    const own = ['https://a.example/cb', 'https://b.example/cb'];
    await service.cli('clients', 'set-redirect-uris', 'matrix_synapse', ...own);
    const { client } = await clientAt('http://127.0.0.1:8008');
    assert.deepEqual(client.redirectUris, own);
  });
});
