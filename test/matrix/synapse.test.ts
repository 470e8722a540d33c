import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { describe, onTestFinished, test } from 'vitest';
import { Synapse } from '../../src/matrix/synapse.ts';
import { SynapseError } from '../../src/matrix/synapse-error.ts';

const accessToken = 'syt_very_secret_token';
const user = '@ann:matrix.test';

/** A server that answers as told, and what it was asked. */
async function answering(answer: RequestListener) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { requests, synapse: new Synapse({ url, accessToken, timeoutMs: 300 }), url };
}

const json =
  (status: number, body: object): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

async function failure(promise: Promise<unknown>): Promise<SynapseError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  assert.ok(error instanceof SynapseError);
  return error;
}

describe('the Synapse port', () => {
  const cases: [string, RequestListener, Partial<SynapseError>][] = [
    [
      'tries again when Synapse is busy, and knows when',
      json(429, { errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 2500 }),
      { kind: 'retry', retryAfterMs: 2500 },
    ],
    [
      'tries again when a proxy stands in for it',
      (_, r) => r.writeHead(502).end('<html>'),
      { kind: 'retry' },
    ],
    ['tries again when the answer is cut short', (_, r) => r.destroy(), { kind: 'retry' }],
    ['tries again when no answer comes', () => {}, { kind: 'retry' }],
    ['tries again when something else answers', json(200, { hello: true }), { kind: 'retry' }],
    [
      'asks the operator when its token is not accepted',
      json(401, { errcode: 'M_UNKNOWN_TOKEN' }),
      { kind: 'configuration', errcode: 'M_UNKNOWN_TOKEN' },
    ],
    [
      'asks the operator when its token is not an admin',
      json(403, { errcode: 'M_FORBIDDEN' }),
      { kind: 'configuration' },
    ],
    [
      'asks the operator when the admin API is not there',
      json(404, { errcode: 'M_UNRECOGNIZED' }),
      { kind: 'configuration' },
    ],
    ['gives up when Synapse refuses', json(400, { errcode: 'M_BAD_JSON' }), { kind: 'refused' }],
  ];
  for (const [promise, answer, expected] of cases) {
    test(promise, async () => {
      const { synapse } = await answering(answer);
      const error = await failure(synapse.readUser(user));
      assert.partialDeepStrictEqual({ ...error, kind: error.kind }, expected);
    });
  }

  test('sends its token in the Authorization header only, and tells it to no one', async () => {
    const { synapse, requests } = await answering(json(500, {}));
    const error = await failure(synapse.readUser(user));
    assert.equal(requests[0]?.headers.authorization, `Bearer ${accessToken}`);
    assert.doesNotMatch(requests[0]?.url ?? '', /secret/);
    for (const shown of [inspect(error, { depth: 9 }), inspect(synapse, { depth: 9 })]) {
      assert.doesNotMatch(shown, /secret/);
    }
  });

  test('does not follow a redirect with its token', async () => {
    const elsewhere = await answering(json(200, {}));
    const { synapse } = await answering((_, response) => {
      response.writeHead(307, { location: elsewhere.url }).end();
    });
    assert.equal((await failure(synapse.readUser(user))).kind, 'retry');
    assert.equal(elsewhere.requests.length, 0);
  });

  test('escapes what it is given', async () => {
    const { synapse, requests } = await answering(json(404, { errcode: 'M_NOT_FOUND' }));
    assert.equal(await synapse.readUser('@a/../../b?c#d:matrix.test'), undefined);
    assert.equal(
      requests[0]?.url,
      '/_synapse/admin/v2/users/%40a%2F..%2F..%2Fb%3Fc%23d%3Amatrix.test',
    );
    await assert.rejects(synapse.readUser('..'));
  });

  test('does not name an email address in its errors', async () => {
    const { synapse } = await answering(json(500, {}));
    const error = await failure(synapse.holderOfEmail('ann@example.org'));
    assert.doesNotMatch(inspect(error, { depth: 9 }), /ann@|ann%40/);
  });
});
