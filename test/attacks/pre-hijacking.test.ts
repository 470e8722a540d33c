import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, answerOf, enterPassword, newVisitor } from '../oidc/application.ts';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import { codeIn } from '../support/mail.ts';
import type { Page } from '../support/page.ts';

const newPassword = 'copper-lantern-93';

describe('an attacker who was there before the victim', () => {
  let world: World;
  let app: Application;
  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world);
  });
  afterAll(() => world.close());

  const codeFor = async (email: string) => codeIn(await world.service.mailbox.waitForMail(email));

  async function begin(visitor: Visitor, params: Record<string, string> = {}) {
    const attempt = await app.request(params);
    return { attempt, page: await visitor.open(attempt.url) };
  }

  /** Up to the page that asks for a new password, its code read from the mailbox. */
  async function upToNewPassword(visitor: Visitor, person: Person): Promise<Page> {
    const { page } = await begin(visitor);
    const recovery = await visitor.click(page, /forgot/i);
    const code = await visitor.submit(recovery, { email: person.email });
    const next = await visitor.submit(code, { code: await codeFor(person.email) });
    const asked = next.url.pathname.endsWith('/community');
    return asked ? visitor.submit(next, { tenant: 'default' }) : next;
  }

  /** The victim takes the account back, with a password that only they know. */
  async function recover(person: Person): Promise<void> {
    const visitor = newVisitor();
    const page = await upToNewPassword(visitor, person);
    answerOf(await visitor.submit(page, { password: newPassword }));
  }

  async function assertVictimsAlone(person: Person): Promise<void> {
    const visitor = newVisitor();
    const { attempt, page } = await begin(visitor);
    const back = await enterPassword(visitor, page, { ...person, password: newPassword });
    assert.equal((await app.redeem(attempt, back)).claims()?.sub, person.id);
  }

  test('cannot prepare an account for an address that they cannot read', async () => {
    const email = 'victim@mail.example';
    const attacker = newVisitor();
    const { page } = await begin(attacker, { prompt: 'create' });
    const code = await attacker.submit(page, { email });
    for (const step of ['profile', 'password', 'new-password', 'community']) {
      const skipped = await attacker.open(new URL(step, code.url));
      assert.ok(
        !skipped.has('[name=handle]') && !skipped.has('[name=password][autocomplete=new-password]'),
      );
      const forced = await attacker.fetch(new URL(step, code.url), {
        method: 'POST',
        body: 'name=Eve&handle=eve&password=copper-lantern-93&tenant=default',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      assert.ok(forced.status >= 300, `${step}: ${forced.status}`);
    }
    const [made] = await world.database.query<{ count: number }>(
      'select count(*)::int as count from accounts where email_key = $1',
      [email],
    );
    assert.equal(made?.count, 0);
  });

  test('cannot carry the proof of their own address over to another', async () => {
    const attacker = newVisitor();
    const { page } = await begin(attacker, { prompt: 'create' });
    const code = await attacker.submit(page, { email: 'eve@mail.example' });
    const profile = await attacker.submit(code, { code: await codeFor('eve@mail.example') });
    const again = await attacker.open(new URL('sign-up', profile.url));
    await attacker.submit(again, { email: 'victim2@mail.example' });
    const skipped = await attacker.open(profile.url);
    assert.ok(!skipped.has('[name=handle]'), 'the new address is not proved');
  });

  test('loses sessions and tokens when the victim recovers the account', async () => {
    const person = await world.addPerson();
    const attacker = newVisitor();
    const tokens = await app.signIn(attacker, person);
    await recover(person);
    const silent = await begin(attacker, { prompt: 'none' });
    assert.equal(answerOf(silent.page).error, 'login_required');
    await assert.rejects(app.userinfo(tokens));
    await assert.rejects(app.refresh(tokens.refresh_token));
    await assertVictimsAlone(person);
  });

  test('loses a recovery that waits at the new password', async () => {
    const person = await world.addPerson();
    const attacker = newVisitor();
    const waiting = await upToNewPassword(attacker, person);
    await recover(person);
    const late = await attacker.submit(waiting, { password: 'evil-evil-evil-1' });
    assert.notEqual(late.status, 0, 'the attacker is in');
    await assertVictimsAlone(person);
  });

  test('loses a sign-in that was proved but not finished', async () => {
    const tenant = await world.addTenant();
    const person = await world.addPerson();
    await world.addPerson({ tenantId: tenant.id, email: person.email });
    const attacker = newVisitor();
    const { page } = await begin(attacker);
    const code = await attacker.submit(page, { email: person.email }, { button: /code/i });
    const choice = await attacker.submit(code, { code: await codeFor(person.email) });
    await recover(person);
    const late = await attacker.submit(choice, { tenant: 'default' });
    assert.notEqual(late.status, 0, 'the attacker is in');
  });

  test('loses a sign-in that is finished, but for its way back', async () => {
    const person = await world.addPerson();
    const attacker = newVisitor();
    const { page } = await begin(attacker);
    const { url, fields } = page.fill({ email: person.email, password: person.password });
    const finished = await attacker.fetch(url, {
      method: 'POST',
      body: fields.toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    const wayBack = String(finished.headers.location);
    assert.match(wayBack, /\/oidc\/auth\//);
    await recover(person);
    const late = await attacker.open(wayBack);
    assert.notEqual(late.status, 0, 'the attacker is in');
  });

  test('loses a sign-up that waits at its password', async () => {
    const email = 'shared@mail.example';
    const attacker = newVisitor();
    const { page } = await begin(attacker, { prompt: 'create' });
    const code = await attacker.submit(page, { email });
    const profile = await attacker.submit(code, { code: await codeFor(email) });
    const waiting = await attacker.submit(profile, { name: 'Eve', handle: 'eve.waits' });
    const [made] = await world.database.query<{ id: string }>(
      'select id from accounts where email_key = $1',
      [email],
    );
    const person = { ...(await world.addPerson()), id: made?.id ?? '', email };
    await recover(person);
    const late = await attacker.submit(waiting, { password: 'evil-evil-evil-1' });
    assert.notEqual(late.status, 0, 'the attacker is in');
    await assertVictimsAlone(person);
  });
});
