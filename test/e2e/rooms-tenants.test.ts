import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { pathOf, type RoomRecord } from '../platform/room-platform.ts';
import { type Chat, refusalOf } from './chat.ts';
import { type PlatformApi, type RoomsWorld, startRoomsWorld, type Tenant } from './rooms-world.ts';

describe('the rooms of two tenants on one homeserver', { timeout: 300_000 }, () => {
  let world: RoomsWorld;
  let acme: Tenant;
  let brio: Tenant;
  /** Programs of the one, of the other, and of both. */
  let ours: PlatformApi;
  let theirs: PlatformApi;
  let both: PlatformApi;
  let annId: string;
  /** Of Acme. */
  let ann: Chat;
  /** Of Brio. */
  let bea: Chat;
  beforeAll(async () => {
    world = await startRoomsWorld();
    [acme, brio] = await Promise.all([world.addTenant('acme'), world.addTenant('brio')]);
    [ours, theirs, both] = await Promise.all([
      world.openApi(['acme']),
      world.openApi(['brio']),
      world.openApi(['acme', 'brio']),
    ]);
    const [ids] = await Promise.all([
      world.addPeople(['ann'], 'acme'),
      world.addPeople(['bea'], 'brio'),
    ]);
    annId = ids[0] ?? '';
    [ann, bea] = await Promise.all([world.signIn('ann', 'acme'), world.signIn('bea', 'brio')]);
  });
  afterAll(() => world?.stop());

  async function begin(api: PlatformApi, slug: string, more: object): Promise<string> {
    const order = { entityType: 'workspace', entitySlug: slug, name: slug, ...more };
    const room = await api.good<RoomRecord>('POST', '/matrix/rooms?wait=30', order);
    assert.ok(room.roomId, JSON.stringify(room));
    return room.roomId;
  }

  test('are out of reach for the other tenant: nothing of it is seen or changed', async () => {
    const roomId = await begin(ours, 'secret', { creatorSlug: 'ann' });
    await ann.is('join', roomId);
    const before = await world.stateOf(roomId);
    const path = pathOf('secret', 'workspace');
    const named = `?tenantId=${acme.id}`;
    const id = encodeURIComponent(roomId);
    const level = { roomId, userSlug: 'ann', powerLevel: 0 };
    const tries: [string, string, object?][] = [
      ['GET', path],
      ['GET', `/matrix/rooms/${id}`],
      ['GET', `${path}/members`],
      ['PATCH', path, { name: 'Theirs now' }],
      ['DELETE', `${path}?purge=true`],
      ['DELETE', `${path}/members/ann`],
      ['POST', '/matrix/permissions', level],
    ];
    for (const [method, url, body] of tries) {
      const refused = [await theirs.refusal(method, url, body)];
      const sign = url.includes('?') ? '&' : '?';
      refused.push(await theirs.refusal(method, `${url}${sign}${named.slice(1)}`, body));
      const codes = refused.map(([, code]) => code);
      assert.deepEqual(codes, ['room_not_found', 'tenant_not_found'], `${method} ${url}`);
    }
    const link = await theirs.refusal('POST', `${pathOf('own')}/link`, { roomId });
    assert.deepEqual(link, [409, 'room_linked_elsewhere']);
    const { rooms } = await theirs.good<{ rooms: RoomRecord[] }>('GET', '/matrix/rooms');
    assert.deepEqual(rooms, []);
    const { results } = await theirs.good<{ results: { code: string }[] }>('POST', '/events', {
      ...{ id: 'x', type: 'workspace.deleted', occurredAt: new Date(), entitySlug: 'secret' },
      tenantId: acme.id,
    });
    assert.deepEqual([results[0]?.code], ['tenant_not_found']);
    assert.deepEqual(await world.stateOf(roomId), before);
  });

  test('hold only people of their own, whatever these are called', async () => {
    await begin(ours, 'shared-name', { creatorSlug: 'ann' });
    const theirRoom = await begin(theirs, 'shared-name', { creatorSlug: 'bea' });
    await bea.is('join', theirRoom);
    const member = (who: string) => `${pathOf('shared-name', 'workspace')}/members/${who}?wait=30`;
    // Somebody of theirs who has the same slug, not our Ann.
    await theirs.good('PUT', member('ann'), { role: 'member' });
    assert.deepEqual(await theirs.refusal('PUT', member(`account:${annId}`), { role: 'member' }), [
      404,
      'account_not_found',
    ]);
    for (const who of [{ userSlug: 'ann' }, { accountId: annId }]) {
      const refused = await theirs.refusal('POST', '/matrix/access/revoke', who);
      assert.deepEqual(refused, [404, 'account_not_found']);
    }
    assert.equal(ann.client.getRoom(theirRoom), null);
    assert.ok(await ann.alive());
    const { alias } = await ours.room('shared-name', 'workspace');
    assert.notEqual(alias, (await theirs.room('shared-name', 'workspace')).alias);
  });

  test('let nobody of elsewhere in by their address', async () => {
    const roomId = await begin(ours, 'closed', { creatorSlug: 'ann' });
    await ann.is('join', roomId);
    const { alias } = await ours.room('closed', 'workspace');
    assert.equal(alias, '#mosaic-closed:matrix.example');
    assert.equal(await refusalOf(bea.client.joinRoom(alias)), 'M_FORBIDDEN');
    // The owner of a workspace cannot invite; an administrator of the tenant can.
    assert.equal(await refusalOf(ann.client.invite(roomId, bea.userId)), 'M_FORBIDDEN');
    await world.service.cli('accounts', 'set-roles', '@ann', '--role', 'tenant.admin');
    await ann.seesLevel(roomId, ann.userId, 75);
    await ann.client.invite(roomId, bea.userId);
    await bea.is('leave', roomId);
    await world.service.cli('accounts', 'set-roles', '@ann', '--none');
    await ann.seesLevel(roomId, ann.userId, 50);
  });

  test('are open to people of another where that was said, by who serves both', async () => {
    const roomId = await begin(ours, 'bridge', { creatorSlug: 'ann' });
    await ann.is('join', roomId);
    const path = `${pathOf('bridge', 'workspace')}`;
    const guest = { role: 'member', userTenantId: brio.id };
    const add = (api: PlatformApi) =>
      api.refusal('PUT', `${path}/members/bea?tenantId=${acme.id}`, guest);
    assert.deepEqual(await add(both), [409, 'cross_tenant_off']);
    assert.deepEqual(await add(ours), [404, 'tenant_not_found']);
    await ours.good('PATCH', path, { crossTenant: true });
    assert.deepEqual(await add(ours), [404, 'tenant_not_found']);
    assert.deepEqual(await add(theirs), [404, 'tenant_not_found']);
    await both.good('PUT', `${path}/members/bea?tenantId=${acme.id}&wait=30`, guest);
    await bea.is('join', roomId);
    await ours.good('PATCH', `${path}?wait=30`, { crossTenant: false });
    await bea.is('leave', roomId);
  });
});
