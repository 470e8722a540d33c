import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { levelIn } from '../../src/matrix/rooms/levels.ts';
import { acme, newSlug, openRoomsWorld, other, type RoomsWorld } from './rooms-world.ts';

describe('the people of a room', () => {
  let world: RoomsWorld;
  beforeAll(async () => {
    world = await openRoomsWorld();
  });
  afterAll(() => world.close());

  const membership = async (room: string, userId: string) =>
    (await world.actual(room)).members.get(userId)?.membership;
  async function roomWith(fields = {}) {
    const room = await world.room({ type: 'group', ...fields });
    const owner = await world.people.make();
    await world.people.tell(room, owner, 'owner');
    await world.sync(room);
    const { roomId } = await world.actual(room);
    return { room, roomId, owner };
  }
  const invite = async (roomId: string, by: string, userId: string) => {
    await world.people.act(by, 'POST', `/rooms/${roomId}/invite`, { user_id: userId });
  };

  test('come in when they come to Matrix', async () => {
    const { room } = await roomWith();
    const late = await world.people.make({ matrix: false });
    await world.people.tell(room, late, 'admin');
    await world.sync(room);
    assert.equal(await membership(room, late.userId), undefined);
    await world.people.bringToMatrix(late);
    await world.sync(room);
    assert.equal(await membership(room, late.userId), 'join');
    assert.equal(levelIn(await world.actual(room), late.userId), 50);
  });

  test('are not those of another tenant, unless it is open to them', async () => {
    const { room } = await roomWith();
    const [visitor, other1] = await world.people.several(2, { tenant: other });
    assert.ok(visitor && other1);
    await world.people.tell(room, visitor, 'admin');
    await world.sync(room);
    assert.equal(await membership(room, visitor.userId), undefined);
    await world.change(room, { crossTenant: true });
    await world.people.tell(room, other1, 'member');
    await world.sync(room);
    assert.equal(await membership(room, visitor.userId), 'join');
    assert.equal(await membership(room, other1.userId), 'join');
    await world.change(room, { crossTenant: false });
    await world.sync(room);
    assert.equal(await membership(room, visitor.userId), 'leave');
    assert.equal(levelIn(await world.actual(room), visitor.userId), 0);
  });

  test('are not somebody who has the same slug in another tenant', async () => {
    const { room } = await roomWith();
    const namesake = await world.people.make({ tenant: other });
    await world.people.tell(
      room,
      { ...namesake, tenant: (await roomWith()).owner.tenant },
      'admin',
    );
    await world.sync(room);
    assert.equal(await membership(room, namesake.userId), undefined);
  });

  test('are banned no more once the entity was deleted and is told of anew', async () => {
    const { room } = await roomWith();
    const person = await world.people.make();
    await world.people.tell(room, person, 'banned');
    await world.sync(room);
    assert.equal(await membership(room, person.userId), 'ban');
    // The deletion, and what was said before it, came late: there is a room already.
    const then = '2026-01-01T00:00:00Z';
    await world.database.query(
      'update memberships set occurred_at = $3 where room = $1 and member = $2',
      [room, person.slug, then],
    );
    await world.database.query(
      'update entities set members_since = $2, wanted_version = wanted_version + 1 where id = $1',
      [room, then],
    );
    await world.sync(room);
    assert.equal(await membership(room, person.userId), 'leave');
  });

  test('stay where they are while they may not use Matrix', async () => {
    const { room, owner } = await roomWith();
    const waiting = await world.people.make();
    await world.people.tell(room, waiting, 'member');
    await world.database.query(
      "update accounts set matrix_access = 'revoked' where id = any ($1::uuid[])",
      [[owner.accountId, waiting.accountId]],
    );
    await world.sync(room);
    assert.equal(await membership(room, waiting.userId), undefined);
    assert.equal(await membership(room, owner.userId), 'join');
    assert.equal(levelIn(await world.actual(room), owner.userId), 75);
    await world.database.query("update accounts set matrix_access = 'active' where id = $1", [
      waiting.accountId,
    ]);
    await world.sync(room);
    assert.equal(await membership(room, waiting.userId), 'join');
  });

  test('are not users of Matrix whose name only looks like that of an account', async () => {
    const { room } = await roomWith();
    const person = await world.people.make({ matrix: false });
    await world.people.makeUser(person.userId);
    await world.database.query(
      `insert into matrix_users (handle, account_id, state) values ($1, $2, 'conflict')`,
      [person.slug, person.accountId],
    );
    await world.people.tell(room, person, 'owner');
    await world.sync(room);
    assert.equal(await membership(room, person.userId), undefined);
    assert.equal(levelIn(await world.actual(room), person.userId), 0);
  });

  test('do not wait for those whose membership is not agreed to', async () => {
    const { room } = await roomWith();
    const guest = await world.people.make();
    await world.people.tell(room, guest, 'member');
    await world.database.query(
      'update memberships set awaiting_confirmation = true where room = $1 and member = $2',
      [room, guest.slug],
    );
    await world.sync(room);
    assert.equal(await membership(room, guest.userId), undefined);
  });

  test('are one person when they are known by slug and by id, by the newest word', async () => {
    const { room } = await roomWith();
    const person = await world.people.make();
    await world.people.tell(room, person, 'admin');
    await world.database.query(
      `insert into memberships
          (room, member_tenant_id, member, account_id, role, occurred_at, event_id)
        values ($1, $2, 'account:' || $3::text, $3::uuid, 'member', now() - interval '1 hour', 'x')`,
      [room, person.tenant, person.accountId],
    );
    await world.sync(room);
    assert.equal(levelIn(await world.actual(room), person.userId), 50);
  });

  test('include administrators by their level, who are neither joined nor strangers', async () => {
    const { room, roomId, owner } = await roomWith();
    const [tenantAdmin, platformAdmin, foreignAdmin] = await Promise.all([
      world.people.make({ roles: ['tenant.admin'] }),
      world.people.make({ roles: ['platform.admin'], tenant: other }),
      world.people.make({ roles: ['tenant.admin'], tenant: other }),
    ]);
    await world.sync(room);
    const actual = await world.actual(room);
    const levels = [tenantAdmin, platformAdmin, foreignAdmin].map((it) =>
      levelIn(actual, it.userId),
    );
    assert.deepEqual(levels, [75, 100, 0]);
    assert.equal(actual.members.get(tenantAdmin.userId), undefined);
    await invite(roomId, owner.userId, tenantAdmin.userId);
    await world.people.act(tenantAdmin.userId, 'POST', `/rooms/${roomId}/join`);
    await world.sync(room);
    assert.equal(await membership(room, tenantAdmin.userId), 'join');
    // Who may not use Matrix now finds everything as it was when they may again.
    const suspend = (status: string) =>
      world.database.query('update tenants set status = $2 where id = $1', [acme, status]);
    await suspend('suspended');
    await world.sync(room);
    await suspend('active');
    assert.equal(await membership(room, tenantAdmin.userId), 'join');
    assert.equal(levelIn(await world.actual(room), tenantAdmin.userId), 75);
    await world.database.query("update accounts set roles = '{}' where id = $1", [
      tenantAdmin.accountId,
    ]);
    await world.sync(room);
    assert.equal(await membership(room, tenantAdmin.userId), 'leave');
    assert.equal(levelIn(await world.actual(room), tenantAdmin.userId), 0);
  });

  test('may include strangers only where those are kept', async () => {
    for (const strangers of ['keep', 'remove']) {
      const { room, roomId, owner } = await roomWith({ strangers });
      const stranger = await world.people.make();
      await invite(roomId, owner.userId, stranger.userId);
      await world.sync(room);
      assert.equal(
        await membership(room, stranger.userId),
        strangers === 'keep' ? 'invite' : 'leave',
      );
    }
  });

  test('may include those of a bridge', async () => {
    const { room, roomId, owner } = await roomWith();
    const ghost = `@bridge.${newSlug()}:matrix.example`;
    const asBridge = (path: string, body: object) =>
      fetch(`${world.homeserver.url}/_matrix/client/v3${path}`, {
        method: 'POST',
        headers: { authorization: 'Bearer bridge-as' },
        body: JSON.stringify(body),
      });
    const registered = await asBridge('/register', {
      ...{ type: 'm.login.application_service', username: ghost.slice(1, ghost.indexOf(':')) },
    });
    assert.equal(registered.status, 200);
    await invite(roomId, owner.userId, ghost);
    await asBridge(`/rooms/${roomId}/join?user_id=${encodeURIComponent(ghost)}`, {});
    await world.sync(room);
    assert.equal(await membership(room, ghost), 'join');
  });

  test('are written to the audit trail by their accounts', async () => {
    const { room, owner } = await roomWith();
    await world.people.tell(room, owner, null);
    await world.sync(room);
    const rows = await world.database.query<{ action: string; member: string | null }>(
      `select action, detail->>'member' as member from audit where target = $1 order by id`,
      [room],
    );
    assert.deepEqual(
      rows.filter(({ member }) => member !== null),
      [
        { action: 'room.member_joined', member: owner.accountId },
        { action: 'room.member_removed', member: owner.accountId },
      ],
    );
  });
});
