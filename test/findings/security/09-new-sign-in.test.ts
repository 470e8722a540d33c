import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, answerOf, newVisitor } from '../../oidc/application.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';
import { codeIn } from '../../support/mail.ts';

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0';

describe('a person is told by mail', () => {
  let world: World;
  let app: Application;
  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world);
  });
  afterAll(() => world?.close());

  /** Alone in a community, so that its mails are the person's. */
  async function addPerson() {
    const { id, slug } = await world.addTenant();
    return { ...(await world.addPerson({ tenantId: id })), slug };
  }
  type Alone = Awaited<ReturnType<typeof addPerson>>;

  const signIn = (visitor: Visitor, person: Alone, params: Record<string, string> = {}) =>
    app.signIn(visitor, person, { tenant: person.slug, ...params });
  /** Queued in the transaction of the sign-in. */
  const mailsTo = async ({ tenantId }: { tenantId: string }) => {
    const rows = await world.database.query<{ template: string }>(
      'select template from mails where tenant_id = $1 order by created_at, id',
      [tenantId],
    );
    return rows.map(({ template }) => template);
  };
  const codeFor = async (email: string) => codeIn(await world.service.mailbox.waitForMail(email));

  test('of a sign-in from a new browser: which, whence, and where to end it', async () => {
    const person = await addPerson();
    await signIn(newVisitor({ headers: { 'user-agent': firefox } }), person);
    const subject = /^A new sign-in to your account/;
    const { text = '' } = await world.service.mailbox.waitForMail(person.email, { subject });
    assert.match(text, /Firefox/);
    assert.match(text, /127\.0\.0\.1/);
    assert.ok(text.includes(`${world.url}/account`));
  });

  test('once for each browser, whichever way they come', async () => {
    const person = await addPerson();
    const home = newVisitor();
    await signIn(home, person);
    await signIn(home, person, { prompt: 'login' });
    assert.deepEqual(await mailsTo(person), ['new-sign-in']);
    const away = newVisitor();
    const page = await away.open((await app.request({ tenant: person.slug })).url);
    const code = await away.submit(page, { email: person.email }, { button: /code/i });
    answerOf(await away.submit(code, { code: await codeFor(person.email) }));
    assert.deepEqual(await mailsTo(person), ['new-sign-in', 'code', 'new-sign-in']);
  });

  test('of nothing when an intruder fails', async () => {
    const person = await addPerson();
    const intruder = newVisitor();
    const page = await intruder.open((await app.request({ tenant: person.slug })).url);
    const fields = { email: person.email, password: 'not the password' };
    assert.equal((await intruder.submit(page, fields)).status, 422);
    assert.deepEqual(await mailsTo(person), []);
  });

  test('not of the account that they have just made', async () => {
    const { id: tenantId, slug } = await world.addTenant();
    const email = 'newcomer@mail.example';
    const visitor = newVisitor();
    const attempt = await app.request({ tenant: slug, prompt: 'create' });
    const code = await visitor.submit(await visitor.open(attempt.url), { email });
    const profile = await visitor.submit(code, { code: await codeFor(email) });
    const chosen = { name: 'New Comer', handle: 'newcomer.one' };
    const last = await visitor.submit(profile, chosen, { button: 'Continue' });
    answerOf(await visitor.submit(last, {}, { button: /I’ll use codes/ }));
    assert.deepEqual(await mailsTo({ tenantId }), ['code']);
  });

  test('once of a recovery, which says so itself', async () => {
    const person = await addPerson();
    const visitor = newVisitor();
    const page = await visitor.open((await app.request({ tenant: person.slug })).url);
    const asked = await visitor.submit(await visitor.click(page, /forgot/i), {
      email: person.email,
    });
    const next = await visitor.submit(asked, { code: await codeFor(person.email) });
    answerOf(await visitor.submit(next, { password: 'copper-lantern-93' }));
    assert.deepEqual(await mailsTo(person), ['recovery', 'password-changed']);
  });

  test('no more than ten times a day, so that nothing else is buried', async () => {
    const person = await addPerson();
    for (let browsers = 0; browsers < 12; browsers += 1) await signIn(newVisitor(), person);
    assert.equal((await mailsTo(person)).length, 10);
  });
});
