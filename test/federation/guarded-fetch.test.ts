import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { createGuardedFetch } from '../../src/federation/guarded-fetch.ts';

const answers: Record<string, RequestListener> = {
  '/ok': (_request, response) => response.end('{"fine":true}'),
  '/redirect': (_request, response) => response.writeHead(302, { location: '/ok' }).end(),
  '/large': (_request, response) => response.end('x'.repeat(5000)),
  '/endless': (_request, response) => {
    const more = setInterval(() => response.write('x'), 5);
    response.on('close', () => clearInterval(more));
  },
  '/silent': () => {},
  '/echo': async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.setHeader('content-type', String(request.headers['content-type']));
    response.end(Buffer.concat(chunks));
  },
};

describe('a guarded fetch', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => answers[request.url ?? '']?.(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const open = createGuardedFetch({
    allowedNetworks: ['127.0.0.1/32'],
    maxBytes: 1000,
    timeout: 300,
  });
  const guarded = createGuardedFetch({ allowedNetworks: [] });
  const refused = (promise: Promise<unknown>, why: RegExp) =>
    assert.rejects(promise, (error: Error & { code?: string }) => {
      assert.equal(error.code, 'fetch_refused');
      assert.match(error.message, why);
      return true;
    });

  test('reads and posts where it may', async () => {
    assert.deepEqual(await (await open(`${url}/ok`)).json(), { fine: true });
    const body = new URLSearchParams({ a: 'b c' });
    const echoed = await open(`${url}/echo`, { method: 'POST', body });
    assert.equal(await echoed.text(), 'a=b+c');
    assert.match(echoed.headers.get('content-type') ?? '', /x-www-form-urlencoded/);
  });

  test('follows no redirect', () => refused(open(`${url}/redirect`), /redirect/));
  test('reads no more than it should', () => refused(open(`${url}/large`), /too large/));
  test('waits no longer than it should', async () => {
    await refused(open(`${url}/silent`), /too long/);
    await refused(open(`${url}/endless`), /too long/);
  });

  for (const target of [
    'http://127.0.0.1/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0.0.0.0/',
    'https://10.1.2.3/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://100.64.0.1/',
    'https://224.0.0.1/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[::127.0.0.1]/',
    'https://[::a00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
    'https://localhost/',
    'http://93.184.216.34/',
    'https://user:password@93.184.216.34/',
    'ftp://93.184.216.34/',
    'file:///etc/passwd',
    'data:text/plain,x',
  ]) {
    test(`does not call ${target}`, () => assert.rejects(guarded(target), { name: /Error/ }));
  }

  describe('of a name that changes its meaning (DNS rebinding)', () => {
    /** The same port at an address that may be called, and at one that may not. */
    const reached: string[] = [];
    let may: Server;
    let mayNot: Server;
    let port: number;
    beforeAll(async () => {
      const listen = async (host: string, at: number) => {
        const listener = createServer((_, response) => response.end(reached.push(host).toString()));
        await new Promise<void>((resolve) => listener.listen(at, host, resolve));
        return listener;
      };
      may = await listen('127.0.0.2', 0);
      port = (may.address() as AddressInfo).port;
      mayNot = await listen('127.0.0.1', port);
    });
    afterAll(() => {
      may?.close();
      mayNot?.close();
    });

    /** Fetches by a name that leads to one list of addresses after the other. */
    function byName(...answers: string[][]) {
      let asked = 0;
      const call = createGuardedFetch({
        allowedNetworks: ['127.0.0.2/32'],
        resolve: (_hostname, _options, done) => {
          const addresses = answers[Math.min(asked++, answers.length - 1)] ?? [];
          done(
            null,
            addresses.map((address) => ({ address, family: 4 })),
          );
        },
      });
      return { call: () => call(`http://rebound.example:${port}/`), asked: () => asked };
    }

    test('connects to the very address that was checked', async () => {
      const { call, asked } = byName(['127.0.0.2'], ['127.0.0.1']);
      assert.equal((await call()).status, 200);
      assert.equal(asked(), 1);
      await refused(call(), /not https|no public address/);
      assert.deepEqual(reached, ['127.0.0.2']);
    });

    test('calls none of several addresses where one leads inside', async () => {
      for (const order of [
        ['127.0.0.2', '127.0.0.1'],
        ['127.0.0.1', '127.0.0.2'],
      ]) {
        await refused(byName(order).call(), /not https|no public address/);
      }
      assert.deepEqual(reached, ['127.0.0.2']);
    });
  });

  test('says nothing of path and query, which may hold secrets', async () => {
    await assert.rejects(guarded('https://10.0.0.1/secret?code=hidden'), (error: Error) => {
      assert.doesNotMatch(error.message, /secret|hidden/);
      return true;
    });
  });
});
