import assert from 'node:assert/strict';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { factorsOf } from '../../../src/factors/factors.store.ts';
import { codeOf } from '../../factors/app.ts';
import { type Protected, protect } from '../../factors/protect.ts';
import { Application, answerOf, enterPassword, newVisitor } from '../../oidc/application.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import { Visitor } from '../../support/forms.ts';
import { linkIn } from '../../support/mail.ts';
import { actionsOn } from '../account/visitor.ts';

describe('whoever has lost app and codes', { timeout: 120_000 }, () => {
  let world: World;
  let app: Application;
  let ada: Protected;
  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world);
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    ada = await protect(world, await world.addPerson());
  });

  /** As far as the page for those who have lost everything. */
  async function lose(visitor: Visitor) {
    const page = await visitor.open((await app.request()).url);
    const asked = await enterPassword(visitor, page, ada);
    const codes = await visitor.click(asked, 'Use a recovery code');
    return visitor.click(codes, 'I have neither app nor codes');
  }
  const dayPasses = () =>
    world.database.query(
      `update lost_factors set due_at = due_at - interval '24 hours' where account_id = $1`,
      [ada.id],
    );
  const cancelLink = async () =>
    linkIn(await world.service.mailbox.waitForMail(ada.email), /token=/);

  test('waits a day, of which the address is told, and signs in without them then', async () => {
    const visitor = newVisitor();
    const offered = await lose(visitor);
    assert.match(offered.text, /in 24 hours/);
    const waiting = await visitor.submit(offered);
    assert.match(waiting.text, /from .* on, if nobody says no/);
    assert.ok(!waiting.has('form button.primary'));
    const mail = await world.service.mailbox.waitForMail(ada.email);
    assert.match(mail.subject ?? '', /is to be turned off/);
    await dayPasses();
    const later = newVisitor();
    const back = await later.submit(await lose(later));
    assert.ok(answerOf(back).code);
    assert.deepEqual(await factorsOf(world.database, ada.id), {
      totp: null,
      recoveryCodes: 0,
      passkeys: 0,
    });
    const actions = await actionsOn(world, ada.id);
    assert.ok(actions.includes('factor_wait.begun'));
    assert.ok(actions.includes('account.factors_given_up'));
  });

  test('cannot go on before, whatever is posted', async () => {
    const visitor = newVisitor();
    const offered = await lose(visitor);
    const waiting = await visitor.submit(offered);
    const fields = new URLSearchParams();
    for (let tries = 0; tries < 3; tries += 1) {
      const again = await visitor.send({ url: waiting.url, method: 'POST', fields }, waiting);
      assert.match(again.text, /if nobody says no/);
    }
    assert.ok((await factorsOf(world.database, ada.id)).totp);
  });

  test('is stopped by the link of the mail, which changes nothing when it is opened', async () => {
    const visitor = newVisitor();
    await visitor.submit(await lose(visitor));
    const link = await cancelLink();
    const owner = new Visitor();
    const page = await owner.open(link);
    assert.equal(page.heading, 'Keep two-step verification?');
    await dayPasses();
    assert.equal((await owner.submit(page)).heading, 'Two-step verification stays');
    assert.equal((await owner.open(link)).status, 400, 'it works once');
    const late = newVisitor();
    assert.match((await lose(late)).text, /in 24 hours/);
    assert.ok((await actionsOn(world, ada.id)).includes('factor_wait.cancelled'));
  });

  test('is stopped by whoever does the second step, and by a new password', async () => {
    const thief = newVisitor();
    await thief.submit(await lose(thief));
    const owner = newVisitor();
    const page = await owner.open((await app.request()).url);
    await owner.submit(await enterPassword(owner, page, ada), { code: codeOf(ada.secret) });
    assert.match((await lose(newVisitor())).text, /in 24 hours/);
    const again = newVisitor();
    await again.submit(await lose(again));
    const change = await owner.open(`${world.url}/account/password`);
    await owner.submit(change, { current: ada.password, password: 'copper-lantern-93' });
    const waits = await world.database.query('select from lost_factors where account_id = $1', [
      ada.id,
    ]);
    assert.equal(waits.length, 0);
  });

  test('has to ask the administrators where it is one, or two steps are required', async () => {
    for (const [change, back] of [
      [`update accounts set roles = '{tenant.admin}'`, `update accounts set roles = '{}'`],
      [
        'update tenants set mfa_required_from = now()',
        'update tenants set mfa_required_from = null',
      ],
    ] as const) {
      const begun = newVisitor();
      await begun.submit(await lose(begun));
      await dayPasses();
      await world.database.query(change);
      const visitor = newVisitor();
      const page = await lose(visitor);
      assert.match(page.text, /ask the people who run/);
      const fields = new URLSearchParams();
      const posted = await visitor.send({ url: page.url, method: 'POST', fields }, page);
      assert.match(posted.text, /ask the people who run/);
      assert.ok((await factorsOf(world.database, ada.id)).totp);
      await world.database.query(back);
      await world.database.query('update accounts set administrator_ended_at = null');
      await world.database.query('delete from lost_factors');
    }
  });
});
