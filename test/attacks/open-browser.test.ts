import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, enterPassword, newVisitor } from '../oidc/application.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { letProofsGrowOld } from '../pages/account/visitor.ts';
import { codeIn } from '../support/mail.ts';
import type { Page } from '../support/page.ts';

type Data = { account: { id: string } };

describe('somebody at a browser that was left signed in', () => {
  let world: World;
  let app: Application;
  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world);
  });
  afterAll(() => world?.close());

  /** Of a person in a tenant that wants an address of everybody, who has none. */
  async function addBarePerson() {
    const { id: tenantId, slug } = await world.addTenant();
    const person = await world.addPerson({ tenantId });
    await world.database.query(
      'update accounts set email = null, email_key = null, email_verified = false where id = $1',
      [person.id],
    );
    await world.database.query('update tenants set email_required = true where id = $1', [
      tenantId,
    ]);
    return { tenant: slug, person: { ...person, email: person.handle } };
  }

  const asksForProof = (page: Page) => page.has('[name=password]');

  test('cannot give the account an address of their own', async () => {
    const { tenant, person } = await addBarePerson();
    const visitor = newVisitor();
    const page = await visitor.open((await app.request({ tenant })).url);
    const asked = await enterPassword(visitor, page, person);
    assert.match(asked.heading, /Your email address/, 'right after a proof');
    await letProofsGrowOld(world);
    const later = await visitor.open((await app.request({ tenant })).url);
    assert.ok(asksForProof(later), later.text);
    const again = await enterPassword(visitor, later, person);
    assert.match(again.heading, /Your email address/);
  });

  test('cannot replace the address that the person gave since, by an old tab', async () => {
    const { tenant, person } = await addBarePerson();
    const visitor = newVisitor();
    const page = await visitor.open((await app.request({ tenant })).url);
    const theirs = `theirs-${person.handle}@mail.example`;
    const code = await visitor.submit(await enterPassword(visitor, page, person), {
      email: theirs,
    });
    const own = `own-${person.handle}@mail.example`;
    await world.database.query(
      'update accounts set email = $2, email_key = $2, email_verified = true where id = $1',
      [person.id, own],
    );
    const mail = await world.service.mailbox.waitForMail(theirs);
    assert.equal((await visitor.submit(code, { code: codeIn(mail) })).status, 400);
    const [account] = await world.database.query('select email from accounts where id = $1', [
      person.id,
    ]);
    assert.deepEqual(account, { email: own });
  });

  test('cannot take away all that is kept about the person', async () => {
    const person = await world.addPerson();
    const visitor = newVisitor();
    const account = await enterPassword(
      visitor,
      await visitor.open(`${world.url}/account`),
      person,
    );
    const data = `${world.url}/account/data`;
    assert.equal((await visitor.open(data)).json<Data>().account.id, person.id);
    await letProofsGrowOld(world);
    const asked = await visitor.click(account, /download/i);
    assert.ok(asksForProof(asked), asked.text);
    assert.match((await visitor.fetch(data)).headers.location ?? '', /^\/oidc\/auth\?/);
    const proved = await enterPassword(visitor, asked, person);
    assert.match(proved.text, /You can download your data now/);
    const file = await visitor.click(proved, /download/i);
    assert.equal(file.json<Data>().account.id, person.id);
  });

  test('proves nothing by choosing the handle that the account lacks', async () => {
    const person = await world.addPerson();
    await world.database.query('delete from handles where account_id = $1', [person.id]);
    const visitor = newVisitor();
    const profile = await enterPassword(
      visitor,
      await visitor.open(`${world.url}/account`),
      person,
    );
    assert.match(profile.url.pathname, /^\/interaction/);
    await letProofsGrowOld(world);
    const account = await visitor.submit(profile, { handle: `late${person.handle}` });
    assert.equal(account.url.pathname, '/account');
    assert.ok(asksForProof(await visitor.open(`${world.url}/account/email`)));
  });
});
