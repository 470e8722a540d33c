import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { addMember, addRoom, membersOf } from '../oidc/memberships.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { addMachine, call, tokenOf } from './api.ts';

let world: World;
let other: { id: string; slug: string };
/** Two programs of the default tenant, and one of the other. */
let token: string;
let second: string;
let foreign: string;

const scopes = ['guests:write', 'accounts:read', 'accounts:write'];

beforeAll(async () => {
  world = await openWorld();
  other = await world.addTenant();
  const tokenFor = async (tenantId: string) =>
    tokenOf(world, await addMachine(world, { tenantIds: [tenantId], scopes }));
  token = await tokenFor(world.defaultTenantId);
  second = await tokenFor(world.defaultTenantId);
  foreign = await tokenFor(other.id);
});
afterAll(() => world.close());

const post = (body: unknown, by = token) =>
  call(world, '/guests', { token: by, method: 'POST', body });
const get = (id: unknown, by = token) => call(world, `/guests/${id}`, { token: by });
const remove = (id: unknown, by = token) =>
  call(world, `/guests/${id}`, { token: by, method: 'DELETE' });

describe('a guest', () => {
  test('is made of an address and a name, and read by id', async () => {
    const { status, body } = await post({
      email: 'Rosa@Mail.Example',
      name: ' Rosa Parks ',
      platformUserId: 'u-1',
      platformSlug: 'rosa',
    });
    assert.equal(status, 200);
    const { id, createdAt, ...rest } = body;
    assert.ok(Date.parse(String(createdAt)) <= Date.now());
    assert.deepEqual(rest, {
      tenantId: world.defaultTenantId,
      email: 'Rosa@mail.example',
      name: 'Rosa Parks',
      platformUserId: 'u-1',
      platformSlug: 'rosa',
    });
    assert.deepEqual((await get(id)).body, body);
  });

  test('is the same for the same address, its name kept up to date by who made it', async () => {
    const email = 'same@mail.example';
    const first = await post({ email, name: 'Sam' });
    const renamed = await post({ email: 'SAME@mail.example', name: 'Samuel' });
    assert.deepEqual([renamed.body.id, renamed.body.name], [first.body.id, 'Samuel']);
    const elsewhere = await post({ email, name: 'Mallory' }, second);
    assert.deepEqual([elsewhere.body.id, elsewhere.body.name], [first.body.id, 'Samuel']);
  });

  test('is called on the platform what was said first', async () => {
    const email = 'names@mail.example';
    const { body } = await post({ email, name: 'Nora' });
    const named = await post({ email, name: 'Nora', platformUserId: 'u-2', platformSlug: 'nora' });
    assert.deepEqual([named.body.id, named.body.platformSlug], [body.id, 'nora']);
    for (const names of [{ platformUserId: 'u-3' }, { platformSlug: 'nora-2' }]) {
      const { status, body } = await post({ email, name: 'Nora', ...names });
      assert.deepEqual([status, body.error], [409, 'guest_conflict']);
    }
    assert.equal((await post({ email, name: 'Nora' })).body.platformUserId, 'u-2');
  });

  test('gets no name that somebody of the tenant has, and nobody gets the guest’s', async () => {
    const person = await world.addPerson();
    const platform = `/accounts/${person.id}/platform`;
    const put = (names: object) =>
      call(world, platform, { token, method: 'PUT', body: { ...names } });
    await put({ platformUserId: 'u-4', platformSlug: 'taken' });
    const order = { email: 'late@mail.example', name: 'Late' };
    const user = await post({ ...order, platformUserId: 'u-4' });
    assert.deepEqual([user.status, user.body.error], [409, 'platform_user_taken']);
    const slug = await post({ ...order, platformSlug: 'taken' });
    assert.deepEqual([slug.status, slug.body.error], [409, 'platform_slug_taken']);
    await post({ ...order, platformUserId: 'u-5', platformSlug: 'late' });
    const again = await post({ email: 'x@mail.example', name: 'X', platformSlug: 'late' });
    assert.deepEqual([again.status, again.body.error], [409, 'platform_slug_taken']);
    const given = await put({ platformUserId: 'u-5', platformSlug: null });
    assert.deepEqual([given.status, given.body.error], [409, 'platform_user_taken']);
    const cli = world.service.cli(
      'accounts',
      'set-platform-identity',
      person.handle,
      '--slug',
      'late',
    );
    await assert.rejects(cli, /platform_slug_taken/);
    const elsewhere = await post({ ...order, platformUserId: 'u-5' }, foreign);
    assert.equal(elsewhere.status, 200, 'another tenant has names of its own');
  });

  test('is one, however often it is made at once', async () => {
    const order = { email: 'crowd@mail.example', name: 'Crowd', platformSlug: 'crowd' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(order)));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1);
  });

  test('is forgotten with its memberships', async () => {
    const { body } = await post({ email: 'gone@mail.example', name: 'Gone' });
    const room = await addRoom(world, { name: 'A walk' });
    await addMember(world, room, `account:${body.id}`);
    assert.equal((await remove(body.id, foreign)).status, 404);
    assert.deepEqual((await remove(body.id)).body, body);
    assert.deepEqual(await membersOf(world, room), []);
    for (const answer of [await get(body.id), await remove(body.id)]) {
      assert.deepEqual([answer.status, answer.body.error], [404, 'guest_not_found']);
    }
  });

  test('of another tenant does not exist', async () => {
    const { body } = await post({ email: 'far@mail.example', name: 'Far' });
    assert.equal((await get(body.id, foreign)).status, 404);
    const same = await post({ email: 'far@mail.example', name: 'Far' }, foreign);
    assert.notEqual(same.body.id, body.id);
  });

  test('has one plain address and a name that can be seen', async () => {
    const good = { email: 'ok@mail.example', name: 'Ok' };
    const bad = [
      { ...good, email: 'Ok <ok@mail.example>' },
      { ...good, email: 'nobody' },
      { ...good, name: '\u200b' },
      { ...good, name: '' },
      { ...good, name: 'R\u202eosa' },
      { ...good, roles: ['tenant.admin'] },
      { ...good, id: '00000000-0000-4000-8000-000000000000' },
      { name: 'Ok' },
    ];
    for (const body of bad) {
      const answer = await post(body);
      assert.deepEqual([answer.status, answer.body.error], [400, 'input_invalid']);
    }
  });
});

describe('whether an account has the address', () => {
  test('makes no difference to the answer', async () => {
    const person = await world.addPerson();
    const known = await post({ email: person.email, name: 'Anybody' });
    const unknown = await post({ email: 'unknown@mail.example', name: 'Anybody' });
    assert.deepEqual([known.status, unknown.status], [200, 200]);
    assert.deepEqual(Object.keys(known.body), Object.keys(unknown.body));
    assert.notEqual(known.body.id, person.id);
    assert.deepEqual(known.body.platformUserId, null);
    assert.equal((await get(known.body.id)).status, 200);
  });

  test('makes no account, whoever asks', async () => {
    const { body } = await post({ email: 'none@mail.example', name: 'None', platformSlug: 'none' });
    assert.equal((await call(world, `/accounts/${body.id}`, { token })).status, 404);
    const found = await call(world, '/accounts?platformSlug=none', { token });
    assert.deepEqual(found.body, { accounts: [] });
  });
});
