import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Synapse } from '../../src/matrix/synapse.ts';
import { SynapseError } from '../../src/matrix/synapse-error.ts';
import { newHandle, openWorld, type World } from './world.ts';

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const gif = Buffer.from('R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs=', 'base64');
const pages: Record<string, Buffer> = {
  '/one.png': png,
  '/two': gif,
  '/page.png': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'),
};

describe('the picture of a Matrix user', () => {
  let world: World;
  let host: Server;
  let origin: string;
  const asked: string[] = [];

  beforeAll(async () => {
    world = await openWorld();
    host = createServer(({ url = '' }, response) => {
      asked.push(url);
      const page = pages[url];
      // What the sender says of it is a lie now and then.
      response.writeHead(page ? 200 : 404, { 'content-type': 'image/png' }).end(page);
    });
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    host?.close();
    await world?.close();
  });

  async function settled(picture: string | null) {
    const handle = newHandle();
    const accountId = await world.hold(handle);
    await world.begin(handle, accountId);
    await world.run('provision-matrix-user', { handle });
    await world.settle(handle, accountId);
    await choose(accountId, picture);
    return { handle, accountId };
  }
  const choose = (accountId: string, picture: string | null) =>
    world.database.query('update accounts set picture = $2 where id = $1', [accountId, picture]);
  const update = (accountId: string, changed = {}) =>
    world.run('update-matrix-profile', { accountId }, changed);
  const shownBy = async (handle: string) => (await world.user(handle))?.avatar_url ?? null;

  async function call(method: string, path: string, token: string, body?: object) {
    const answer = await fetch(`${world.access.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      body: body && JSON.stringify(body),
    });
    assert.equal(answer.status, 200, await answer.clone().text());
    return answer;
  }

  /** What the person does in their own client. */
  async function changeOnMatrix(handle: string, url: string) {
    const id = world.idOf(handle);
    const login = `/_synapse/admin/v1/users/${id}/login`;
    const answer = await call('POST', login, world.access.accessToken, {});
    const { access_token: token } = (await answer.json()) as { access_token: string };
    await call('PUT', `/_matrix/client/v3/profile/${id}/avatar_url`, token, { avatar_url: url });
  }

  async function contentOf(mxc: string | null): Promise<{ type: string | null; bytes: Buffer }> {
    const path = `/_matrix/client/v1/media/download/${mxc?.replace('mxc://', '')}`;
    const answer = await call('GET', path, world.access.accessToken);
    const bytes = Buffer.from(await answer.arrayBuffer());
    return { type: answer.headers.get('content-type'), bytes };
  }

  test('is that of the account, of the type that it really is', async () => {
    const { handle, accountId } = await settled(`${origin}/two`);
    await update(accountId);
    assert.deepEqual(await contentOf(await shownBy(handle)), { type: 'image/gif', bytes: gif });
  });

  test('follows the account, and is fetched once for each address', async () => {
    const { handle, accountId } = await settled(`${origin}/one.png`);
    await update(accountId);
    const first = await shownBy(handle);
    const before = asked.length;
    await update(accountId);
    assert.equal(asked.length, before);
    await choose(accountId, `${origin}/two`);
    await update(accountId);
    assert.notEqual(await shownBy(handle), first);
    await choose(accountId, null);
    await update(accountId);
    assert.equal(await shownBy(handle), null);
  });

  test('is the person’s own once they choose or remove it on Matrix', async () => {
    for (const own of ['mxc://matrix.example/own', '']) {
      const { handle, accountId } = await settled(`${origin}/one.png`);
      await update(accountId);
      await changeOnMatrix(handle, own);
      await choose(accountId, `${origin}/two`);
      await update(accountId);
      assert.equal(await shownBy(handle), own || null);
    }
  });

  test('stays as it was where there is no picture to be had', async () => {
    const { handle, accountId } = await settled(`${origin}/one.png`);
    await update(accountId);
    const first = await shownBy(handle);
    for (const path of ['/gone.png', '/page.png']) {
      await choose(accountId, `${origin}${path}`);
      await update(accountId);
      assert.equal(await shownBy(handle), first, path);
    }
  });

  test('is still ours after a worker died between setting it and noting so', async () => {
    const { handle, accountId } = await settled(`${origin}/one.png`);
    const dying = new (class extends Synapse {
      override async changeUser(...change: Parameters<Synapse['changeUser']>) {
        await super.changeUser(...change);
        if (change[1].avatar_url) throw new Error('killed');
      }
    })(world.access);
    await assert.rejects(update(accountId, { synapse: dying }), /killed/);
    assert.notEqual(await shownBy(handle), null);
    await choose(accountId, `${origin}/two`);
    await update(accountId);
    assert.equal((await contentOf(await shownBy(handle))).type, 'image/gif');
  });

  test('is not pressed upon a homeserver that refuses it', async () => {
    const { handle, accountId } = await settled(`${origin}/one.png`);
    const strict = new (class extends Synapse {
      override async changeUser(...change: Parameters<Synapse['changeUser']>) {
        if (!change[1].avatar_url) return super.changeUser(...change);
        const fields = { kind: 'configuration', status: 403, errcode: 'M_FORBIDDEN' } as const;
        throw new SynapseError('This avatar is not allowed', fields);
      }
    })(world.access);
    await update(accountId, { synapse: strict });
    const before = asked.length;
    await update(accountId);
    assert.equal(asked.length, before);
    assert.equal(await shownBy(handle), null);
  });
});
