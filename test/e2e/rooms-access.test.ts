import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { RoomRecord } from '../platform/room-platform.ts';
import { Visitor } from '../support/forms.ts';
import { until } from '../support/until.ts';
import { type Chat, refusalOf } from './chat.ts';
import { signInDevice } from './matrix.ts';
import { password } from './newcomer.ts';
import {
  loginTokenOf,
  newVisitor,
  type PlatformApi,
  type RoomsWorld,
  startRoomsWorld,
} from './rooms-world.ts';

/** Far more than it takes on a machine with nothing else to do. */
const timeout = 60_000;
const shop = 'https://shop.example/back';

describe('access to Matrix', { timeout: 300_000 }, () => {
  let world: RoomsWorld;
  let acme: PlatformApi;
  beforeAll(async () => {
    world = await startRoomsWorld();
    await world.addTenant('acme');
    acme = await world.openApi(['acme']);
    await Promise.all([
      world.addPeople(['ann', 'ben', 'dan', 'eva']),
      world.addPeople(['cem'], 'acme'),
    ]);
  });
  afterAll(() => world?.stop());

  async function begin(api: PlatformApi, slug: string, ...members: string[]): Promise<string> {
    const [creatorSlug, ...others] = members;
    const order = { entityType: 'event', entitySlug: slug, creatorSlug };
    const room = await api.good<RoomRecord>('POST', '/matrix/rooms?wait=30', order);
    assert.ok(room.roomId, JSON.stringify(room));
    for (const member of others) {
      const path = `/matrix/rooms/by-entity/event/${slug}/members/${member}?wait=30`;
      await api.good('PUT', path, { role: 'organizer' });
    }
    return room.roomId;
  }

  /** Whether Synapse refuses the client's token. */
  async function isDead({ client }: Chat): Promise<boolean> {
    const { status } = await fetch(`${world.synapse.url}/_matrix/client/v3/account/whoami`, {
      headers: { authorization: `Bearer ${client.getAccessToken()}` },
    });
    return status === 401;
  }

  function user<T>(handle: string, what = ''): Promise<T> {
    const path = `/_synapse/admin/v2/users/@${handle}:matrix.example${what}`;
    return world.synapse.admin<T>('GET', path);
  }

  async function isWithoutDevices(handle: string): Promise<boolean> {
    return (await user<{ total: number }>(handle, '/devices')).total === 0;
  }

  async function isUnlocked(handle: string): Promise<boolean> {
    return !(await user<{ locked: boolean }>(handle)).locked;
  }

  async function membershipOf(handle: string, roomId: string): Promise<unknown> {
    const userId = `@${handle}:matrix.example`;
    return (await world.stateOf(roomId)).find(({ state_key: key }) => key === userId)?.content
      .membership;
  }

  test('of an account that an operator adds is like that of one who signed up', async () => {
    const roomId = await begin(world.api, 'before', 'ann');
    await world.api.good('PUT', '/matrix/rooms/by-entity/event/before/members/fay', {
      role: 'organizer',
    });
    await world.addPeople(['fay']);
    const isIn = async () => (await membershipOf('fay', roomId)) === 'join';
    await until(isIn, { what: 'the room of somebody who was told of before', timeout });
    const isShown = async () => {
      const { threepids } = await user<{ threepids: { address: string }[] }>('fay');
      return threepids.some(({ address }) => address === 'fay@example.org');
    };
    await until(isShown, { what: 'the address on Matrix', timeout });
  });

  test('that is given back brings people where they came to belong meanwhile', async () => {
    await world.addPeople(['gil']);
    const roomId = await begin(world.api, 'meanwhile', 'ann');
    await world.service.cli('accounts', 'disable', '@gil', '--yes');
    await until(async () => !(await isUnlocked('gil')), { what: 'the lock', timeout });
    await world.api.good('PUT', '/matrix/rooms/by-entity/event/meanwhile/members/gil', {
      role: 'organizer',
    });
    assert.notEqual(await membershipOf('gil', roomId), 'join');
    await world.service.cli('accounts', 'enable', '@gil');
    const isIn = async () => (await membershipOf('gil', roomId)) === 'join';
    await until(isIn, { what: 'the room', timeout });
  });

  test('that is taken away ends everywhere on Matrix and nowhere else, and comes back as it was', async ({
    annotate,
  }) => {
    const roomId = await begin(world.api, 'talk', 'ann', 'ben');
    const [ann, ben] = await Promise.all([world.signIn('ann'), world.signIn('ben')]);
    await Promise.all([ann.is('join', roomId), ben.is('join', roomId)]);
    const before = newVisitor();
    const page = await before.submit(await world.press(before), { email: 'ben', password });
    const unused = loginTokenOf(page);
    ben.client.stopClient();
    const begun = performance.now();
    await world.api.good('POST', '/matrix/access/revoke', { userSlug: 'ben' });
    await until(() => isDead(ben), { what: 'the end of the token', timeout, every: 5 });
    await annotate(`revoke to a refused token: ${Math.round(performance.now() - begun)} ms`);
    await until(() => isWithoutDevices('ben'), { what: 'the end of the device', timeout });

    const late = newVisitor();
    const refused = await late.submit(await world.press(late), { email: 'ben', password });
    assert.match(refused.text, /Your chat access is switched off/);
    const again = await before.open(refused.url);
    assert.notEqual(again.status, 0, 'nor does the session that there was before');
    const bySynapse = signInDevice(world.synapse.url, unused).then(({ client }) => client.whoami());
    assert.match((await refusalOf(bySynapse)) ?? 'taken', /M_USER_LOCKED|M_FORBIDDEN/);
    assert.ok(await ann.alive());
    assert.equal(await membershipOf('ben', roomId), 'join');
    await signsInElsewhere('ben');

    await world.api.good('POST', '/matrix/access/restore', { userSlug: 'ben' });
    await until(() => isUnlocked('ben'), { what: 'the user to be unlocked', timeout });
    const back = await world.signIn('ben');
    assert.equal(back.userId, ben.userId);
    await back.is('join', roomId);
    await back.seesLevel(roomId, back.userId, 50);
  });

  /** Into another application of the platform, by the same account. */
  async function signsInElsewhere(name: string): Promise<void> {
    await world.service.cli(
      ...['clients', 'add', '--id', 'shop', '--first-party', '--tenant', 'default'],
      ...['--redirect-uri', shop],
    );
    const request = new URLSearchParams({
      ...{ client_id: 'shop', redirect_uri: shop, response_type: 'code', scope: 'openid' },
      ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256', state: 'here' },
    });
    const visitor = new Visitor({ stopAt: (url) => url.href.startsWith(shop) });
    const page = await visitor.open(`${world.service.issuer}/auth?${request}`);
    const end = await visitor.submit(page, { email: name, password });
    assert.ok(end.url.searchParams.has('code'), end.text);
  }

  test('is refused by us at once while Synapse is away, which follows when it is back', async () => {
    const roomId = await begin(world.api, 'party', 'ann', 'dan', 'eva');
    const theirRoom = await begin(acme, 'fair', 'cem');
    const chats = await Promise.all([
      world.signIn('eva'),
      world.signIn('cem', 'acme'),
      world.signIn('dan'),
    ]);
    const atThePage = async (name: string, tenant?: string) => {
      const visitor = newVisitor();
      const page = await world.press(visitor, tenant);
      return () => visitor.submit(page, { email: name, password });
    };
    const eva = await atThePage('eva');
    const cem = await atThePage('cem', 'acme');
    const dan = await atThePage('dan');
    for (const { client } of chats) client.stopClient();
    await world.synapse.kill('SIGKILL');
    await Promise.all([
      world.service.cli('accounts', 'revoke-matrix', '@eva', '--yes'),
      world.service.cli('tenants', 'suspend', 'acme', '--yes'),
      world.service.cli('accounts', 'delete', '@dan', '--yes'),
    ]);
    assert.match((await eva()).text, /Your chat access is switched off/);
    assert.match((await cem()).text, /It was suspended/);
    assert.match((await dan()).text, /password don’t match/);
    const { waiting } = await world.service.cli<{ waiting: number }>('jobs', 'list');
    assert.ok(waiting >= 3, `${waiting} jobs`);

    await world.synapse.restart();
    for (const chat of chats) {
      await until(() => isDead(chat), { what: `the end of ${chat.userId}`, timeout });
    }
    await until(async () => (await user<{ deactivated: boolean }>('dan')).deactivated, {
      what: 'the end of the user',
      timeout,
    });
    await until(async () => (await membershipOf('dan', roomId)) === 'leave', {
      what: 'them to be out of the room',
      timeout,
    });
    const left = await world.service.cli<{ state: string }>('handles', 'show', 'dan');
    assert.equal(left.state, 'tombstoned');
    await world.service.cli('tenants', 'resume', 'acme');
    await world.service.cli('accounts', 'restore-matrix', '@eva');
    await until(async () => (await isUnlocked('cem')) && (await isUnlocked('eva')), {
      what: 'both to be unlocked',
      timeout,
    });
    const [evaBack, cemBack] = [await world.signIn('eva'), await world.signIn('cem', 'acme')];
    assert.deepEqual(
      [evaBack.userId, cemBack.userId],
      ['@eva:matrix.example', '@cem:matrix.example'],
    );
    await Promise.all([evaBack.is('join', roomId), cemBack.is('join', theirRoom)]);
  });
});
