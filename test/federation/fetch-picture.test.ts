import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { createFetchPicture } from '../../src/federation/fetch-picture.ts';

/** What each begins with, filled up to something that could be one. */
const pictures: Record<string, Buffer> = {
  'image/png': Buffer.from('\x89PNG\r\n\x1a\n----', 'latin1'),
  'image/jpeg': Buffer.from('\xff\xd8\xff\xe0----', 'latin1'),
  'image/gif': Buffer.from('GIF89a----', 'latin1'),
  'image/webp': Buffer.from('RIFF----WEBP----', 'latin1'),
};
const others: Record<string, Buffer> = {
  markup: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
  page: Buffer.from('<!doctype html><script>alert(1)</script>'),
  sound: Buffer.from('RIFF----WAVE----', 'latin1'),
  nothing: Buffer.alloc(0),
  large: Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(2 * 1024 * 1024)]),
};

describe('a picture at an address that somebody names', () => {
  let host: Server;
  let origin: string;
  let calls = 0;
  beforeAll(async () => {
    host = createServer(({ url = '' }, response) => {
      calls += 1;
      const name = decodeURIComponent(url.slice(1));
      const body = pictures[name] ?? others[name];
      response.writeHead(body ? 200 : 404, { 'content-type': 'image/png' }).end(body);
    });
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  });
  afterAll(() => host?.close());

  test('is of the type that its content says', async () => {
    const fetchPicture = createFetchPicture(['127.0.0.1/32']);
    for (const [type, bytes] of Object.entries(pictures)) {
      const picture = await fetchPicture(`${origin}/${encodeURIComponent(type)}`);
      assert.equal(picture.type, type);
      assert.deepEqual(Buffer.from(await picture.arrayBuffer()), bytes);
    }
  });

  test('is none where it is markup, something else, too large or not there', async () => {
    const fetchPicture = createFetchPicture(['127.0.0.1/32']);
    for (const name of [...Object.keys(others), 'missing']) {
      await assert.rejects(fetchPicture(`${origin}/${name}`), { code: 'fetch_refused' }, name);
    }
  });

  test('is not fetched from inside', async () => {
    const fetchPicture = createFetchPicture([]);
    const before = calls;
    const { port } = new URL(origin);
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '10.0.0.1', '2130706433']) {
      for (const scheme of ['http', 'https']) {
        const refused = fetchPicture(`${scheme}://${host}:${port}/image%2Fpng`);
        await assert.rejects(refused, { code: 'fetch_refused' });
      }
    }
    assert.equal(calls, before);
  });
});
