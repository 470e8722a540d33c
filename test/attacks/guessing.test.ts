import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, answerOf, enterPassword, newVisitor } from '../oidc/application.ts';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import { codeIn } from '../support/mail.ts';
import type { Page } from '../support/page.ts';
import { until } from '../support/until.ts';

describe('who guesses', () => {
  let world: World;
  let app: Application;
  beforeAll(async () => {
    world = await openWorld({ env: { TRUSTED_PROXIES: '127.0.0.1/32' } });
    app = await Application.of(world);
  });
  afterAll(() => world.close());

  let strangers = 0;
  /** A browser that was never seen before, at an address of its own unless told otherwise. */
  function stranger(address = `10.1.${++strangers >> 8}.${strangers & 255}`): Visitor {
    return newVisitor({ headers: { 'x-forwarded-for': address } });
  }
  const begin = async (visitor: Visitor) => visitor.open((await app.request()).url);
  const askForCode = async (visitor: Visitor, email: string) =>
    visitor.submit(await begin(visitor), { email }, { button: /code/i });
  const mailedCode = async (email: string) =>
    codeIn(await world.service.mailbox.waitForMail(email));
  const wrong = (code: string) =>
    String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0');

  /** Windows of a quarter of an hour are over, those of a day are not. */
  async function quarterPasses() {
    const { database } = world;
    await database.query(`delete from rate_limits where resets_at < now() + interval '20 minutes'`);
    await database.query(`update mails set created_at = created_at - interval '16 minutes'`);
  }

  async function guessPassword(visitor: Visitor, person: Person, password: string): Promise<Page> {
    return enterPassword(visitor, await begin(visitor), { ...person, password });
  }

  test('a code has five tries, then the right one is refused as well', async () => {
    const person = await world.addPerson();
    const visitor = stranger();
    const page = await askForCode(visitor, person.email);
    const code = await mailedCode(person.email);
    for (let left = 4; left >= 0; left--) {
      const answer = await visitor.submit(page, { code: wrong(code) });
      assert.equal(answer.status, 422);
      if (left > 0) assert.match(answer.text, new RegExp(`${left} more`));
    }
    assert.match((await visitor.submit(page, { code })).text, /tried too often/);
  });

  test('codes of one account has thirty tries a day, from however many browsers and addresses', async () => {
    const person = await world.addPerson();
    for (let browser = 0; browser < 6; browser++) {
      const visitor = stranger();
      const page = await askForCode(visitor, person.email);
      const code = await mailedCode(person.email);
      for (let tries = 0; tries < 5; tries++) await visitor.submit(page, { code: wrong(code) });
      await quarterPasses();
    }
    const visitor = stranger();
    const page = await askForCode(visitor, person.email);
    const answer = await visitor.submit(page, { code: await mailedCode(person.email) });
    assert.equal(answer.status, 422, 'the thirty-first guess does not count, even if it is right');
  });

  test('tries of one code at the same time are counted one by one', async () => {
    const person = await world.addPerson();
    const visitor = stranger();
    const page = await askForCode(visitor, person.email);
    const code = await mailedCode(person.email);
    await Promise.all(
      Array.from({ length: 20 }, () => visitor.submit(page, { code: wrong(code) })),
    );
    const [row] = await world.database.query<{ tries: number }>(
      'select tries from email_codes where account_id = $1',
      [person.id],
    );
    assert.equal(row?.tries, 5);
    assert.equal((await visitor.submit(page, { code })).status, 422);
  });

  test('a password from many addresses is stopped after ten, and told when to come back', async () => {
    const person = await world.addPerson();
    for (let tries = 0; tries < 10; tries++) {
      const answer = await guessPassword(stranger(), person, `wrong-${tries}-password`);
      assert.equal(answer.status, 422);
      assert.ok(!/wait/.test(answer.text));
    }
    const answer = await guessPassword(stranger(), person, person.password);
    assert.equal(answer.status, 422);
    assert.match(answer.text, /wait 1[45] minutes/);
  });

  test('a password forty times at once has ten tries all the same', async () => {
    const person = await world.addPerson();
    const pages = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const visitor = stranger();
        return { visitor, page: await begin(visitor), password: `wrong-${index}-password` };
      }),
    );
    const answers = await Promise.all(
      pages.map(({ visitor, page, password }) =>
        enterPassword(visitor, page, { ...person, password }),
      ),
    );
    assert.equal(answers.filter(({ text }) => !/wait/.test(text)).length, 10);
  });

  test('a password under an address that is none gets no tries beyond those of the proxy', async () => {
    for (const lie of ['not-an-address', '999.1.1.1', '', ',,,', '127.0.0.1, x', 'unknown']) {
      const visitor = newVisitor({ headers: { 'x-forwarded-for': lie } });
      const page = await begin(visitor);
      const nobody = { email: 'nobody.behind.it@mail.example', password: 'wrong-password' };
      assert.equal((await enterPassword(visitor, page, nobody)).status, 422);
    }
    const rows = await world.database.query<{ address: string }>(
      `select distinct address from audit where address !~ '^(10\\.|2001:db8:1:|127\\.0\\.0\\.1$)'`,
    );
    assert.deepEqual(rows, []);
  });

  test('an address that exists as little is limited in the same words', async () => {
    const nobody = { ...(await world.addPerson()), email: 'nobody.at.all@mail.example' };
    for (let tries = 0; tries < 10; tries++)
      await guessPassword(stranger(), nobody, 'wrong-password');
    assert.match((await guessPassword(stranger(), nobody, 'x')).text, /wait 1[45] minutes/);
  });

  test('one password over many accounts is stopped for their network, and for no other', async () => {
    // All of one IPv6 network, whatever address in it: a subscriber has them all. What a guesser
    // writes into the header comes before what the proxy adds, and counts for nothing.
    const nextDoor = (index: number) =>
      stranger(`192.0.2.${index % 256}, 2001:db8:1:2::${(index + 1).toString(16)}`);
    const [ada, bob] = [await world.addPerson(), await world.addPerson()];
    const guess = (index: number) =>
      guessPassword(nextDoor(index), { ...ada, email: `x${index}@mail.example` }, 'Password123');
    for (let done = 0; done < 300; done += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, index) => guess(done + index)));
    }
    assert.match((await guessPassword(nextDoor(4711), ada, ada.password)).text, /wait/);
    answerOf(await guessPassword(stranger('2001:db8:1:3::1'), bob, bob.password));
  });

  test('cannot lock a person out of a browser that signed in before', async () => {
    const person = await world.addPerson();
    const own = stranger();
    await app.signIn(own, person);
    own.cookies.set(world.url, 'session=; Path=/; Max-Age=0');
    for (let tries = 0; tries < 12; tries++)
      await guessPassword(stranger(), person, 'wrong-password');
    assert.match((await guessPassword(stranger(), person, person.password)).text, /wait/);
    const silent = await app.request({ prompt: 'login' });
    answerOf(await enterPassword(own, await own.open(silent.url), person));
  });

  test('cannot keep a person from signing in by code either', async () => {
    const person = await world.addPerson();
    const own = stranger();
    await app.signIn(own, person);
    for (let browser = 0; browser < 8; browser++) {
      const visitor = stranger();
      const page = await askForCode(visitor, person.email);
      if (!page.has('[name=code]')) continue;
      for (let tries = 0; tries < 5; tries++) await visitor.submit(page, { code: '000000' });
    }
    const mails = async () =>
      (await world.service.mailbox.all()).filter(
        ({ recipients }) => recipients[0] === person.email,
      );
    // Those of the attacker may still be on their way.
    const unsent = 'select from mails where sent_at is null and given_up_at is null';
    await until(async () => (await world.database.query(unsent)).length === 0, {
      what: 'an empty mail queue',
    });
    const before = (await mails()).length;
    const login = await own.open((await app.request({ prompt: 'login' })).url);
    const page = await own.submit(login, {}, { button: /code/i });
    const newest = await until(async () => (await mails())[before], {
      what: 'a mail of their own',
    });
    answerOf(await own.submit(page, { code: codeIn(newest) }));
  });

  test('cannot fill a mailbox: five mails in a quarter of an hour, twenty a day', async () => {
    await world.addPerson({ email: 'bombed@mail.example' });
    const spellings = ['bombed@mail.example', 'Bombed@Mail.Example', 'bombed+1@mail.example'];
    const askAll = async () => {
      for (const email of [...spellings, ...spellings, ...spellings]) {
        const visitor = stranger();
        await askForCode(visitor, email);
        const signUp = await visitor.open((await app.request({ prompt: 'create' })).url);
        await visitor.submit(signUp, { email });
        const recovery = await visitor.click(await begin(visitor), /forgot/i);
        await visitor.submit(recovery, { email });
      }
    };
    const sent = async () => {
      const [row] = await world.database.query<{ count: number }>(
        `select max(count)::int as count from
          (select count(*) from mails group by recipient) counted`,
      );
      return row?.count ?? 0;
    };
    await world.database.query('delete from mails');
    await askAll();
    assert.equal(await sent(), 5);
    for (let quarter = 0; quarter < 4; quarter++) {
      await quarterPasses();
      await askAll();
    }
    assert.ok((await sent()) <= 20);
  });

  test('user codes of devices is stopped after thirty', async () => {
    const visitor = stranger();
    let last: Page | undefined;
    for (let tries = 0; tries < 31; tries++) {
      const page = await visitor.open(`${world.issuer}/device`);
      last = await visitor.submit(page, { user_code: 'BBBB-BBBB' });
    }
    assert.equal(last?.status, 429);
    assert.ok(Number(last?.headers['retry-after']) > 600);
    const other = stranger();
    const page = await other.open(`${world.issuer}/device`);
    assert.equal((await other.submit(page, { user_code: 'BBBB-BBBB' })).status, 422);
  });
});
