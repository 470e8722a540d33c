import assert from 'node:assert/strict';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { Application, answerOf } from '../../oidc/application.ts';
import { addMember, addRoom, memberAs, membersOf, wantedVersion } from '../../oidc/memberships.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import { visitAccount } from '../account/visitor.ts';
import {
  type Arrival,
  codeFor,
  finishNew,
  GuestBook,
  type Made,
  newAddress,
  proveNew,
  signInByCode,
} from './guest-world.ts';

let world: World;
let app: Application;
let guests: GuestBook;
/** Of an event and of a group. */
let workshop: string;
let walkers: string;

beforeAll(async () => {
  world = await openWorld();
  app = await Application.of(world);
  guests = await GuestBook.open(world);
});
afterAll(() => world.close());
beforeEach(async () => {
  workshop = await addRoom(world, { name: 'JavaScript Workshop' });
  walkers = await addRoom(world, { name: 'Walkers', type: 'group' });
});

/** A guest of both: of one by its id, of the other by its slug. */
async function invite(email = newAddress()): Promise<Made> {
  const guest = await guests.add(email);
  await addMember(world, workshop, `account:${guest.id}`);
  await addMember(world, walkers, guest.platformSlug, { role: 'admin' });
  return guest;
}

const joinAs = async ({ email }: Made) => finishNew(await proveNew(world, app, email));
const decide = ({ visitor, page }: Arrival, choices: Record<string, string>) =>
  visitor.submit(page, choices, { button: 'Continue' });
const subOf = async ({ attempt }: Arrival, page: Parameters<Application['redeem']>[1]) =>
  (await app.redeem(attempt, page)).claims()?.sub;

describe('a guest who signs up', () => {
  test('becomes an account with the guest’s id, and is gone as a guest', async () => {
    const guest = await guests.add();
    const arrival = await joinAs(guest);
    assert.equal(await subOf(arrival, arrival.page), guest.id);
    assert.equal(await guests.has(guest), false);
    const { body } = await guests.account(guest.id);
    assert.deepEqual([body.id, body.email], [guest.id, guest.email]);
  });

  test('is told before going on what they were added to, as what', async () => {
    const { page } = await joinAs(await invite());
    assert.match(page.heading, /You were added/);
    assert.match(page.text, /JavaScript Workshop Event, as attendee Keep/);
    assert.match(page.text, /Walkers Group, as administrator · with a say in its room/);
    assert.ok(!page.has('input:checked') && !page.has('input[checked]'), 'nothing is chosen yet');
  });

  test('is in what they keep, has left what they decline, and goes on to the application', async () => {
    const guest = await invite();
    const arrival = await joinAs(guest);
    const before = await wantedVersion(world, workshop);
    const page = await decide(arrival, {
      [`membership-${workshop}`]: 'keep',
      [`membership-${walkers}`]: 'decline',
    });
    assert.equal(await subOf(arrival, page), guest.id);
    assert.deepEqual(await membersOf(world, workshop), [memberAs(guest.id, 'attendee', false)]);
    assert.deepEqual(await membersOf(world, walkers), [memberAs(guest.id, null, false)]);
    assert.equal(await wantedVersion(world, workshop), before + 1);
    const rows = await world.database.query<{ action: string; room: string }>(
      `select action, detail->>'room' as room from audit
        where target = $1 and action like 'membership.%' order by id`,
      [guest.id],
    );
    assert.deepEqual(rows, [
      { action: 'membership.confirmed', room: workshop },
      { action: 'membership.declined', room: walkers },
    ]);
  });

  test('is in nothing that they leave open, and decides later on the account page', async () => {
    const guest = await invite();
    const arrival = await joinAs(guest);
    answerOf(await decide(arrival, {}));
    assert.deepEqual(await membersOf(world, workshop), [memberAs(guest.id, 'attendee', true)]);
    const account = await arrival.visitor.open(`${world.url}/account`);
    const page = await arrival.visitor.click(account, 'Keep or decline');
    const done = await decide({ ...arrival, page }, { [`membership-${workshop}`]: 'keep' });
    assert.match(done.text, /It’s as you chose/);
    assert.deepEqual(await membersOf(world, workshop), [memberAs(guest.id, 'attendee', false)]);
    assert.deepEqual(await membersOf(world, walkers), [memberAs(guest.id, 'admin', true)]);
  });

  test('is not asked about a room that is deleted, or about a ban', async () => {
    const guest = await invite();
    await world.database.query(`update entities set state = 'deleted' where id = $1`, [walkers]);
    await world.database.query(`update memberships set role = 'banned' where room = $1`, [
      workshop,
    ]);
    const arrival = await joinAs(guest);
    assert.equal(await subOf(arrival, arrival.page), guest.id);
    assert.deepEqual(await membersOf(world, workshop), [memberAs(guest.id, 'banned', false)]);
  });

  test('who is banned before they decide has nothing to decide', async () => {
    const guest = await invite();
    const { visitor } = await joinAs(guest);
    await world.database.query(`update memberships set role = 'banned' where account_id = $1`, [
      guest.id,
    ]);
    const account = await visitor.open(`${world.url}/account`);
    assert.doesNotMatch(account.text, /You were added/);
    const fields = new URLSearchParams({ [`membership-${workshop}`]: 'decline' });
    const url = new URL(`${world.url}/account/memberships`);
    await visitor.send({ url, method: 'POST', fields }, account);
    assert.deepEqual(await membersOf(world, workshop), [memberAs(guest.id, 'banned', true)]);
  });

  test('is a member once where the platform named them twice: as it said last', async () => {
    const guest = await guests.add();
    await addMember(world, workshop, guest.platformSlug, { role: 'organizer', sequence: 7 });
    await addMember(world, workshop, `account:${guest.id}`, { role: 'attendee', sequence: 9 });
    await joinAs(guest);
    assert.deepEqual(await membersOf(world, workshop), [memberAs(guest.id, 'attendee', true)]);
  });
});

describe('a guest who has an account already', () => {
  test('is that account after a code: its id and what it was a member of stay', async () => {
    const person = await world.addPerson();
    const guest = await invite(person.email);
    await addMember(world, walkers, `account:${person.id}`, { role: 'member' });
    const arrival = await signInByCode(world, app, person.email);
    assert.match(arrival.page.text, /JavaScript Workshop/);
    assert.doesNotMatch(arrival.page.text, /Walkers/);
    const page = await decide(arrival, { [`membership-${workshop}`]: 'keep' });
    assert.equal(await subOf(arrival, page), person.id);
    assert.equal(await guests.has(guest), false);
    assert.deepEqual(await membersOf(world, workshop), [memberAs(person.id, 'attendee', false)]);
    assert.deepEqual(await membersOf(world, walkers), [memberAs(person.id, 'member', false)]);
  });

  test('is asked about a room that the account left', async () => {
    const person = await world.addPerson();
    await invite(person.email);
    await addMember(world, workshop, `account:${person.id}`, { role: null });
    await signInByCode(world, app, person.email);
    assert.deepEqual(await membersOf(world, workshop), [memberAs(person.id, 'attendee', true)]);
  });

  test('is that account when the account moves to the address', async () => {
    const person = await world.addPerson();
    const guest = await invite();
    const { visitor, page } = await visitAccount(world, person);
    const change = await visitor.click(page, 'Change email');
    const code = await visitor.submit(change, { email: guest.email });
    const done = await visitor.submit(code, { code: await codeFor(world, guest.email) });
    assert.match(done.text, /You were added to something/);
    assert.equal(await guests.has(guest), false);
    assert.deepEqual(await membersOf(world, workshop), [memberAs(person.id, 'attendee', true)]);
  });
});
