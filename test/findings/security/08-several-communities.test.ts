import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, onTestFinished, test } from 'vitest';
import type { FoundAccount } from '../../../src/accounts/found.ts';
import { Application, answerOf, enterPassword, newVisitor } from '../../oidc/application.ts';
import { serveHere } from '../../oidc/watched.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';
import { codeIn } from '../../support/mail.ts';

const atAcme = 'violet-kettle-47';
const atGlobex = 'umbrella-canyon-82';

type Somebody = { email: string; acme: FoundAccount; globex: FoundAccount };

describe('whoever has accounts in two communities by one address', () => {
  let world: World;
  let everywhere: Application;
  let acme: Application;
  let globex: Application;
  beforeAll(async () => {
    world = await openWorld({ env: { TRUSTED_PROXIES: '127.0.0.1/32' } });
    everywhere = await Application.of(world);
    const of = async (slug: string) =>
      Application.of(world, { tenantIds: [(await world.addTenant({ slug })).id] });
    [acme, globex] = [await of('acme'), await of('globex')];
  });
  afterAll(() => world.close());

  let strangers = 0;
  const stranger = () =>
    newVisitor({ headers: { 'x-forwarded-for': `10.8.${++strangers >> 8}.${strangers & 255}` } });
  async function addSomebody(): Promise<Somebody> {
    const name = `p${randomBytes(5).toString('hex')}`;
    const email = `${name}@mail.example`;
    const add = (tenant: string, password: string) =>
      world.service.cli<FoundAccount>(
        ...['accounts', 'add', '--email', email, '--name', 'Ada', '--tenant', tenant],
        ...['--handle', `${name}.${tenant}`, '--password', password],
      );
    return { email, acme: await add('acme', atAcme), globex: await add('globex', atGlobex) };
  }
  const signIn = async (app: Application, email: string, password: string, by = newVisitor()) =>
    (await app.signIn(by, { email, password })).claims()?.sub;

  test('signs in to each by its password where no community is named, whichever was used last', async () => {
    const { email, ...person } = await addSomebody();
    for (const [app, password] of [
      [globex, atGlobex],
      [acme, atAcme],
    ] as const) {
      await signIn(app, email, password);
      assert.equal(await signIn(everywhere, email, atAcme), person.acme.id);
      assert.equal(await signIn(everywhere, email, atGlobex), person.globex.id);
    }
  });

  test('signs in to the account of this browser where both passwords are the same', async () => {
    const { email, ...person } = await addSomebody();
    const [ours, theirs] = [newVisitor(), newVisitor()];
    await signIn(acme, email, atAcme, ours);
    await signIn(globex, email, atGlobex, theirs);
    await setPassword(globex, email, atAcme, atGlobex);
    await signIn(globex, email, atAcme, theirs);
    const again = async (visitor: Visitor) => {
      const person = { email, password: atAcme };
      return (await everywhere.signIn(visitor, person, { prompt: 'login' })).claims()?.sub;
    };
    assert.equal(await again(ours), person.acme.id);
    assert.equal(await again(theirs), person.globex.id);
  });

  test('keeps this also when the accounts got the address later, once each was signed in to', async () => {
    const { email, ...person } = await addSomebody();
    const old = await world.addPerson({ email: `x${email}`, tenantId: person.acme.tenantId });
    await world.database.query(
      `with gone as (update accounts set email_key = null where id = $1 returning email, $2::text as key)
        update accounts set email = $2, email_key = $2 from gone where id = $3`,
      [person.acme.id, email, old.id],
    );
    await signIn(acme, email, old.password);
    await signIn(globex, email, atGlobex);
    assert.equal(await signIn(everywhere, email, old.password), old.id);
    assert.equal(await signIn(everywhere, email, atGlobex), person.globex.id);
  });

  async function setPassword(app: Application, email: string, next: string, current: string) {
    const visitor = newVisitor();
    await signIn(app, email, current, visitor);
    const page = await visitor.open(`${world.url}/account/password`);
    await visitor.submit(page, { current, password: next });
  }

  test('says which of them a forgotten password is of', async () => {
    const { email, ...person } = await addSomebody();
    await signIn(globex, email, atGlobex);
    const visitor = newVisitor();
    const attempt = await everywhere.request();
    const page = await visitor.click(await visitor.open(attempt.url), /forgot/i);
    const code = await visitor.submit(page, { email });
    const mail = await world.service.mailbox.waitForMail(email);
    assert.doesNotMatch(mail.text ?? '', /\/recover\?/, 'a link would be of one of them');
    const choice = await visitor.submit(code, { code: codeIn(mail) });
    assert.match(choice.url.pathname, /\/community$/);
    const form = await visitor.submit(choice, { tenant: 'acme' });
    const end = await visitor.submit(form, { password: 'golden-harbour-15' });
    answerOf(end);
    assert.equal((await everywhere.redeem(attempt, end)).claims()?.sub, person.acme.id);
    assert.equal(await signIn(everywhere, email, 'golden-harbour-15'), person.acme.id);
    assert.equal(await signIn(everywhere, email, atGlobex), person.globex.id);
  });

  test('has thirty guesses a day at their codes, in all communities together', async () => {
    const { email } = await addSomebody();
    for (const app of [acme, globex, everywhere, acme, globex, everywhere, acme, everywhere]) {
      const visitor = stranger();
      const signIn = await visitor.open((await app.request()).url);
      const page = await visitor.submit(signIn, { email }, { button: /code/i });
      const code = codeIn(await world.service.mailbox.waitForMail(email));
      const wrong = String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0');
      for (let tries = 0; tries < 5; tries++) {
        await visitor.submit(page, { code: wrong });
      }
      await world.database.query(
        `delete from rate_limits where resets_at < now() + interval '20 minutes'`,
      );
      await world.database.query(
        `update mails set created_at = created_at - interval '16 minutes'`,
      );
    }
    const rows = await world.database.query<{ tries: number }>(
      'select tries from email_codes where email = $1',
      [email],
    );
    assert.equal(
      rows.reduce((sum, { tries }) => sum + tries, 0),
      30,
    );
  });

  test('is no known browser everywhere by an account in one community', async () => {
    const { email } = await addSomebody();
    const insider = newVisitor();
    await signIn(globex, email, atGlobex, insider);
    const guess = async (app: Application, visitor: Visitor) => {
      const page = await visitor.open((await app.request({ prompt: 'login' })).url);
      return (await enterPassword(visitor, page, { email, password: 'wrong' })).text;
    };
    for (let tries = 0; tries < 10; tries++) await guess(everywhere, stranger());
    for (const app of [acme, everywhere]) {
      assert.match(await guess(app, insider), /wait 1[45] minutes/);
    }
    assert.doesNotMatch(await guess(globex, insider), /wait/, 'its own budget there');
  });

  // The last one: the service is in this process from now on, and mails nothing any more.
  test('has one hash computed for each attempt, and one query', async () => {
    const { email } = await addSomebody();
    const watched = await serveHere(world);
    onTestFinished(() => watched.stop());
    for (const [typed, password] of [
      [email, atAcme],
      [email, atGlobex],
      [email, 'wrong'],
      ['nobody@mail.example', 'wrong'],
    ] as const) {
      const visitor = newVisitor();
      const page = await visitor.open((await everywhere.request()).url);
      const { hasher } = watched.app.parts;
      const before = hasher.hashes;
      watched.database.asked = [];
      await enterPassword(visitor, page, { email: typed, password });
      assert.equal(hasher.hashes - before, 1, typed);
      const asked = watched.database.asked.filter(({ text }) => /password_hash as/.test(text));
      assert.equal(asked.length, 1, typed);
    }
  });
});
