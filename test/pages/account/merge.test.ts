import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { insertIdentity } from '../../../src/federation/identities.store.ts';
import { Application, answerOf, enterPassword, newVisitor } from '../../oidc/application.ts';
import { addMember, addRoom, memberAs, membersOf, wantedVersion } from '../../oidc/memberships.ts';
import {
  beginMerge,
  chooseKept,
  merge,
  proveBoth,
  proveOwn,
  statusOf,
} from '../../oidc/merging.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import { codeFor } from '../sign-in/guest-world.ts';
import { actionsOn, visitAccount } from './visitor.ts';

let world: World;
let app: Application;

beforeAll(async () => {
  world = await openWorld();
  app = await Application.of(world);
});
afterAll(() => world.close());

const pair = async (other: Partial<Person> = {}) =>
  [await world.addPerson(), await world.addPerson(other)] as const;

const connect = ({ id, tenantId }: Person, subject: string) =>
  insertIdentity(world.database, {
    ...{ tenantId, accountId: id, connection: 'google', issuer: 'https://accounts.google.com' },
    ...{ subject, profile: {} },
  });

async function rowOf<Row>({ id }: Person): Promise<Row> {
  const [row] = await world.database.query<Row>(
    `select email, email_key is not null as verified, password_hash is not null as password, roles,
      groups, platform_user_id as user, platform_slug as slug from accounts where id = $1`,
    [id],
  );
  return row as Row;
}

describe('merging two accounts of one person', () => {
  test('says what it means, shows both, and asks which handle stays', async () => {
    const [own, other] = await pair({ name: 'Ada the Second' });
    await connect(other, 'g-shown');
    const { visitor, page } = await proveBoth(world, own, other);
    assert.match(page.heading, /Which handle/);
    for (const words of [own.handle, other.handle, 'Ada the Second', other.email, 'password']) {
      assert.ok(page.text.includes(words), words);
    }
    assert.ok(!page.has('input[checked]'), 'nothing is chosen yet');
    const confirm = await chooseKept(visitor, page, own);
    assert.ok(confirm.text.includes(`@${other.handle}:matrix.example is signed out`));
    assert.match(confirm.text, /Encrypted messages that only it can read are lost/);
    assert.ok(confirm.text.includes(`The password of @${other.handle}`));
    assert.equal(await statusOf(world, other), 'active', 'nothing has happened yet');
  });

  test('keeps one account: its id, name, address, password and what it may', async () => {
    const [own, other] = await pair();
    await connect(other, 'g-kept');
    await world.database.query(
      `update accounts set roles = '{moderator}', groups = '{staff}', platform_user_id = 'u-9',
        platform_slug = 'nine' where id = $1`,
      [other.id],
    );
    const { page } = await merge(world, own, other, own);
    assert.match(page.text, /Your two accounts are one now/);
    assert.deepEqual(await rowOf(own), {
      ...{ email: own.email, verified: true, password: true, roles: [], groups: [] },
      ...{ user: null, slug: null },
    });
    assert.equal(await statusOf(world, other), 'deleted');
    const [handle] = await world.database.query('select state from handles where handle = $1', [
      other.handle,
    ]);
    assert.deepEqual(handle, { state: 'tombstoned' });
    const identities = await world.database.query(
      `select account_id as id from identities where subject = 'g-kept'`,
    );
    assert.deepEqual(identities, [{ id: own.id }]);
    const jobs = await world.database.query(`select from graphile_worker.jobs where key = $1`, [
      `deactivate-matrix-user:${other.id}`,
    ]);
    assert.equal(jobs.length, 1, 'the worker ends the other Matrix user');
  });

  test('may keep the other one, and then this browser has to sign in to it', async () => {
    const [own, other] = await pair();
    const { visitor, page } = await merge(world, own, other, other);
    assert.equal(page.url.pathname, '/');
    assert.match(page.text, /Your two accounts are one now/);
    assert.equal(await statusOf(world, own), 'deleted');
    assert.equal(await statusOf(world, other), 'active');
    const account = await visitor.open(`${world.url}/account`);
    assert.match(account.url.pathname, /^\/interaction\//);
    const page2 = await enterPassword(visitor, account, other);
    assert.equal(page2.url.pathname, '/account');
  });

  test('gives an account without an address that of the other', async () => {
    const [own, other] = await pair();
    await world.database.query(
      'update accounts set email = null, email_key = null, email_verified = false where id = $1',
      [own.id],
    );
    const { visitor, page } = await beginMerge(world, { ...own, email: own.handle });
    const again = await enterPassword(visitor, page, other);
    const choice = await proveOwn(visitor, again, own);
    await visitor.submit(await chooseKept(visitor, choice, own), {}, { button: /for good/ });
    const { email, verified } = await rowOf<{ email: string; verified: boolean }>(own);
    assert.deepEqual({ email, verified }, { email: other.email, verified: true });
  });

  test('ends all other sessions of both, keeps this one, and tells both by mail', async () => {
    const [own, other] = await pair();
    const elsewhere = [await visitAccount(world, own), await visitAccount(world, other)];
    const { visitor } = await merge(world, own, other, own);
    for (const { visitor: away } of elsewhere) {
      assert.match((await away.open(`${world.url}/account`)).url.pathname, /^\/interaction\//);
    }
    assert.equal((await visitor.open(`${world.url}/account`)).url.pathname, '/account');
    for (const { email } of [own, other]) {
      const mail = await world.service.mailbox.waitForMail(email, { subject: /one now/ });
      assert.ok(mail.text?.includes(`You merged @${other.handle} into @${own.handle}`));
    }
    assert.ok((await actionsOn(world, own.id)).includes('account.merged'));
    assert.ok((await actionsOn(world, other.id)).includes('account.deleted'));
  });

  test('moves memberships by account, adds up no roles, and leaves slugs to the platform', async () => {
    const [own, other] = await pair();
    await world.database.query(`update accounts set platform_slug = 'other' where id = $1`, [
      other.id,
    ]);
    const rooms = await Promise.all(
      ['Only theirs', 'Both', 'Kept out', 'By slug'].map((name) => addRoom(world, { name })),
    );
    const [theirs = '', both = '', out = '', bySlug = ''] = rooms;
    await addMember(world, theirs, `account:${other.id}`, { role: 'organizer' });
    await addMember(world, both, `account:${other.id}`, { role: 'organizer', sequence: 9 });
    await addMember(world, both, `account:${own.id}`, { role: 'attendee' });
    await addMember(world, out, `account:${own.id}`, { role: 'banned' });
    await addMember(world, out, `account:${other.id}`, { role: 'attendee', sequence: 9 });
    await addMember(world, bySlug, 'other', { role: 'organizer' });
    await merge(world, own, other, own);
    assert.deepEqual(await membersOf(world, theirs), [memberAs(own.id, 'organizer', false)]);
    assert.deepEqual(await membersOf(world, both), [memberAs(own.id, 'attendee', false)]);
    assert.deepEqual(await membersOf(world, out), [memberAs(own.id, 'banned', false)]);
    const [left] = await membersOf(world, bySlug);
    assert.deepEqual([left?.member, left?.accountId], ['other', null]);
    for (const room of rooms) assert.equal(await wantedVersion(world, room), 2, 'is made so');
  });

  test('takes a code, too, as a proof of either', async () => {
    const [own, other] = await pair();
    const { visitor, page } = await beginMerge(world, own);
    const code = await visitor.submit(page, { email: other.email }, { button: /code/i });
    const again = await visitor.submit(code, { code: await codeFor(world, other.email) });
    const asked = await visitor.submit(again, {}, { button: /code/i });
    const choice = await visitor.submit(asked, { code: await codeFor(world, own.email) });
    assert.match(choice.heading, /Which handle/);
  });

  test('is not for the account itself, and can be begun again', async () => {
    const [own, other] = await pair();
    const { visitor, page } = await beginMerge(world, own);
    const refused = await enterPassword(visitor, page, own);
    assert.match(refused.text, /That’s the account you came with/);
    const second = await visitor.submit(refused);
    const again = await enterPassword(visitor, second, other);
    assert.match((await proveOwn(visitor, again, own)).heading, /Which handle/);
  });

  test('can be thought better of at every step', async () => {
    const [own, other] = await pair();
    const { visitor, page } = await beginMerge(world, own);
    const cancelled = await visitor.click(page, 'Cancel');
    assert.equal(cancelled.url.pathname, '/account/merge');
    const proved = await proveBoth(world, own, other);
    const kept = await proved.visitor.click(proved.page, 'Keep both accounts');
    assert.equal(kept.url.pathname, '/account');
    assert.equal(await statusOf(world, other), 'active');
  });

  test('leaves sign-ins to applications as they are for the one that stays', async () => {
    const [own, other] = await pair();
    await merge(world, own, other, own);
    const tokens = await app.signIn(newVisitor(), own);
    assert.equal(tokens.claims()?.sub, own.id);
    const gone = newVisitor();
    const attempt = await app.request();
    const page = await enterPassword(gone, await gone.open(attempt.url), other);
    assert.match(page.text, /don’t match/);
    const fresh = await gone.open((await app.request({ prompt: 'none' })).url);
    assert.equal(answerOf(fresh).error, 'login_required');
  });
});
