import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor, refused } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import { codeIn } from '../../support/mail.ts';
import { actionsOn, type Guest, visitAccount } from './visitor.ts';

const fresh = 'umbrella-canyon-82';

describe('an account', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world?.close());

  const open = (guest: Guest, path: string) => guest.visitor.open(`${world.url}/account${path}`);
  const emailOf = async ({ id }: Person) => {
    const [row] = await world.database.query<{ email: string }>(
      'select email from accounts where id = $1',
      [id],
    );
    return row?.email;
  };
  const isSignedIn = async (guest: Guest) => (await open(guest, '')).heading === 'Your account';

  describe('that changes its email', () => {
    test('proves the new address by a code, and both are told', async () => {
      const person = await world.addPerson();
      const guest = await visitAccount(world, person);
      const other = await visitAccount(world, person);
      const tokens = await (await Application.of(world)).signIn(newVisitor(), person);
      const to = `new-${person.email}`;
      const code = await guest.visitor.submit(await open(guest, '/email'), { email: to });
      assert.match(code.text, new RegExp(`We sent a code to ${to}`));
      assert.equal(await emailOf(person), person.email);
      const mail = await world.service.mailbox.waitForMail(to);
      const done = await guest.visitor.submit(code, { code: codeIn(mail) });
      assert.match(done.text, /Your email is changed/);
      assert.equal(await emailOf(person), to);
      for (const address of [person.email, to]) {
        await world.service.mailbox.waitForMail(address, { subject: /changed/ });
      }
      assert.ok(await isSignedIn(guest));
      assert.ok(!(await isSignedIn(other)));
      await refused((await Application.of(world)).userinfo(tokens), 'invalid_token');
      assert.ok((await actionsOn(world, person.id)).includes('account.email_changed'));
    });

    test('hears the same about a taken address, whose owner is told', async () => {
      const owner = await world.addPerson();
      const person = await world.addPerson();
      const guest = await visitAccount(world, person);
      const form = await open(guest, '/email');
      const free = await guest.visitor.submit(form, { email: `free-${person.email}` });
      const taken = await guest.visitor.submit(form, { email: owner.email });
      assert.equal(
        taken.text.replaceAll(owner.email, '…'),
        free.text.replaceAll(`free-${person.email}`, '…'),
      );
      const mail = await world.service.mailbox.waitForMail(owner.email);
      assert.match(mail.text ?? '', /has an account already/);
      assert.throws(() => codeIn(mail));
      const refused = await guest.visitor.submit(taken, { code: '000000' });
      assert.match(refused.text, /That code isn’t right\. You have 4 more tries/);
      assert.equal(await emailOf(person), person.email);
    });

    test('keeps what was typed and says what is wrong with it', async () => {
      const person = await world.addPerson();
      const guest = await visitAccount(world, person);
      const form = await open(guest, '/email');
      for (const [email, words] of [
        ['', /Enter your email address/],
        ['not an address', /such as name@example.com/],
        [person.email, /your address already/],
      ] as const) {
        const page = await guest.visitor.submit(form, { email });
        assert.equal(page.status, 422);
        assert.match(page.text, words);
        assert.equal(page.value('email'), email);
      }
    });

    test('stays with the addresses that its community takes', async () => {
      const tenant = await world.addTenant();
      await world.database.query(
        `update tenants set sign_up = 'domains', sign_up_domains = '{acme.example}' where id = $1`,
        [tenant.id],
      );
      const guest = await visitAccount(world, await world.addPerson({ tenantId: tenant.id }));
      const page = await guest.visitor.submit(await open(guest, '/email'), {
        email: 'me@elsewhere.example',
      });
      assert.match(page.text, /only addresses of its own organisation/);
    });

    test('cannot use the code in another browser, or as somebody else', async () => {
      const person = await world.addPerson();
      const guest = await visitAccount(world, person);
      const to = `n-${person.email}`;
      await guest.visitor.submit(await open(guest, '/email'), { email: to });
      const code = codeIn(await world.service.mailbox.waitForMail(to));
      const elsewhere = await visitAccount(world, person);
      const page = await open(elsewhere, '/email/code');
      assert.equal(page.url.pathname, '/account/email');
      const stranger = await visitAccount(world, await world.addPerson());
      const cookie = guest.visitor.cookies.find('email-change');
      stranger.visitor.cookies.set(world.url, `email-change=${cookie?.value}; Path=/`);
      assert.equal((await open(stranger, '/email/code')).url.pathname, '/account/email');
      // With every cookie but the one that says which browser it is.
      const thief = await visitAccount(world, person);
      thief.visitor.cookies.set(world.url, `email-change=${cookie?.value}; Path=/`);
      const attempt = await thief.visitor.submit(await open(thief, '/email/code'), { code });
      assert.equal(attempt.status, 422);
      assert.equal(await emailOf(person), person.email);
    });

    test('may not mail code after code to strangers', async () => {
      const guest = await visitAccount(world, await world.addPerson());
      const form = await open(guest, '/email');
      for (let count = 0; count < 10; count++) {
        await guest.visitor.submit(form, { email: `stranger${count}@mail.example` });
      }
      const page = await guest.visitor.submit(form, { email: 'stranger10@mail.example' });
      assert.match(page.text, /Too many tries/);
    });
  });

  describe('that changes its password', () => {
    test('tells the old one, and ends every other session', async () => {
      const person = await world.addPerson();
      const guest = await visitAccount(world, person);
      const other = await visitAccount(world, person);
      const done = await guest.visitor.submit(await open(guest, '/password'), {
        current: person.password,
        password: fresh,
      });
      assert.match(done.text, /Your password is changed/);
      assert.ok(await isSignedIn(guest));
      assert.ok(!(await isSignedIn(other)));
      await world.service.mailbox.waitForMail(person.email, { subject: /password/ });
      await visitAccount(world, { ...person, password: fresh });
    });

    test('is refused without the old one, and told so beside the field', async () => {
      const person = await world.addPerson();
      const guest = await visitAccount(world, person);
      const form = await open(guest, '/password');
      const wrong = await guest.visitor.submit(form, { current: 'wrong', password: fresh });
      assert.equal(wrong.status, 422);
      assert.match(wrong.text, /That isn’t your current password/);
      const common = await guest.visitor.submit(form, {
        current: person.password,
        password: 'password1',
      });
      assert.match(common.text, /Many people use this password/);
      await visitAccount(world, person);
    });

    test('has as many guesses as at the sign-in', async () => {
      const person = await world.addPerson();
      const guest = await visitAccount(world, person);
      const form = await open(guest, '/password');
      const guess = () => guest.visitor.submit(form, { current: 'wrong', password: fresh });
      // The budget that strangers share, and then this browser's own.
      for (let count = 0; count < 20; count++) await guess();
      assert.match((await guess()).text, /Too many tries/);
      const right = await guest.visitor.submit(form, {
        current: person.password,
        password: fresh,
      });
      assert.equal(right.status, 422);
    });

    test('can do without one, and add one again', async () => {
      const person = await world.addPerson();
      const guest = await visitAccount(world, person);
      const form = await open(guest, '/password');
      const kept = await guest.visitor.submit(form, { current: 'wrong' }, { button: /^Remove/ });
      assert.equal(kept.status, 422);
      const removed = await guest.visitor.submit(
        form,
        { current: person.password },
        { button: /^Remove/ },
      );
      assert.match(removed.text, /You sign in with codes now/);
      const first = await open(guest, '/password');
      assert.equal(first.heading, 'Add a password');
      assert.ok(!first.has('[name=current]') && !first.has('[name=remove]'));
      await guest.visitor.submit(first, { password: fresh });
      await visitAccount(world, { ...person, password: fresh });
    });
  });

  describe('that is deleted', () => {
    test('needs its handle typed, and leaves nothing but the handle', async () => {
      const person = await world.addPerson();
      const guest = await visitAccount(world, person);
      const other = await visitAccount(world, person);
      const form = await open(guest, '/delete');
      const kept = await guest.visitor.submit(form, { handle: 'somebody' });
      assert.match(kept.text, /That isn’t your handle/);
      const home = await guest.visitor.submit(form, { handle: `@${person.handle}` });
      assert.equal(home.url.pathname, '/');
      assert.match(home.text, /Your account is deleted/);
      assert.ok(!(await isSignedIn(guest)));
      assert.ok(!(await isSignedIn(other)));
      await world.service.mailbox.waitForMail(person.email, { subject: /deleted/ });
      const [left] = await world.database.query<object>(
        `select a.status, a.email, a.name, h.state from accounts a
          join handles h on h.account_id = a.id where a.id = $1`,
        [person.id],
      );
      assert.deepEqual(
        { ...left },
        { status: 'deleted', email: null, name: '', state: 'tombstoned' },
      );
    });
  });

  test('takes its data along, with nobody else’s', async () => {
    const person = await world.addPerson();
    await (await Application.of(world, { name: 'Garden Planner' })).signIn(newVisitor(), person);
    const guest = await visitAccount(world, person);
    await world.database.query(
      `insert into audit (tenant_id, actor, action, target, address, outcome)
        values ($1, 'an-admin', 'account.disabled', $2, '203.0.113.9', 'success')`,
      [person.tenantId, person.id],
    );
    const file = await open(guest, '/data');
    assert.match(file.headers['content-disposition'] ?? '', /^attachment; filename="my-data.json"/);
    const data = file.json<{
      account: { id: string; email: string };
      identities: { kind: string }[];
      sessions: object[];
      applications: { name: string }[];
      events: { action: string; by: string }[];
    }>();
    assert.equal(data.account.id, person.id);
    assert.equal(data.account.email, person.email);
    assert.deepEqual(
      data.identities.map(({ kind }) => kind),
      ['email', 'password'],
    );
    assert.equal(data.sessions.length, 2);
    assert.deepEqual(
      data.applications.map(({ name }) => name),
      ['Garden Planner'],
    );
    assert.ok(data.events.some(({ action }) => action === 'account.signed_in'));
    assert.equal(data.events.find(({ action }) => /disabled/.test(action))?.by, 'somebody else');
    assert.doesNotMatch(file.body, /203\.0\.113\.9|an-admin|argon2|uid/);
    const twice = await guest.visitor.fetch(`${world.url}/account/data`);
    assert.ok(twice.json<typeof data>().events.some(({ action }) => /downloaded/.test(action)));
  });
});
