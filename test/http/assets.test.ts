import assert from 'node:assert/strict';
import { once } from 'node:events';
import Koa from 'koa';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { assetRoutes, assetUrl } from '../../src/http/assets.ts';
import { allSamples, render } from '../views/samples.ts';

describe('the files of the pages', () => {
  const server = new Koa().use(assetRoutes().routes()).listen(0, '127.0.0.1');
  let origin = '';

  beforeAll(async () => {
    if (!server.listening) await once(server, 'listening');
    const address = server.address();
    if (address && typeof address === 'object') origin = `http://127.0.0.1:${address.port}`;
  });
  afterAll(() => server.close());

  test('are kept by browsers for ever, since their URL changes with them', async () => {
    const response = await fetch(origin + assetUrl('pages.css'));
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /^text\/css/);
    assert.match(response.headers.get('cache-control') ?? '', /immutable/);
    const again = await fetch(origin + assetUrl('pages.css'), {
      headers: {
        'if-none-match': response.headers.get('etag') ?? '',
        'cache-control': 'max-age=0',
      },
    });
    assert.equal(again.status, 304);
  });

  test('answer for the hash of another version, but not for ever', async () => {
    const response = await fetch(`${origin}/assets/pages.000000000000.css`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('cache-control'), 'no-cache');
  });

  test('are only those in their folder', async () => {
    for (const path of ['/assets/', '/assets/none.000000000000.css', '/assets/..%2flayout.eta'])
      assert.equal((await fetch(origin + path)).status, 404, path);
    assert.equal((await fetch(origin + assetUrl('forms.js'), { method: 'POST' })).status, 404);
  });

  test('weigh less than 50 KB for the first page, the page included', async () => {
    const heaviest = allSamples
      .filter(({ name }) => name === 'sign-in')
      .map((sample) => render(sample));
    const html = heaviest.sort((a, b) => b.length - a.length)[0] ?? '';
    const paths = html.match(/\/assets\/[\w.-]+/g) ?? [];
    const sizes = await Promise.all(
      paths.map(async (path) => (await (await fetch(origin + path)).arrayBuffer()).byteLength),
    );
    const total = sizes.reduce((sum, size) => sum + size, Buffer.byteLength(html));
    assert.ok(paths.length >= 3);
    assert.ok(total < 50 * 1024, `${total} bytes`);
  });
});
