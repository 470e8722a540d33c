import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { endings } from '../../../src/oidc/endings.ts';
import { Application, answerOf, enterPassword, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import { newEmail } from '../../pages/invitation/invitee.ts';
import type { Visitor } from '../../support/forms.ts';
import { codeIn } from '../../support/mail.ts';
import type { Page } from '../../support/page.ts';

describe('a sign-in that ends without one', () => {
  let world: World;
  let app: Application;
  let synapse: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    [app, synapse, ada] = await Promise.all([
      Application.of(world, { firstParty: false }),
      Application.of(world, { idpId: 'chat' }),
      world.addPerson(),
    ]);
  });
  afterAll(() => world.close());

  async function begin(application: Application, params: Record<string, string> = {}) {
    const visitor = newVisitor();
    const attempt = await application.request(params);
    return { visitor, page: await visitor.open(attempt.url) };
  }

  async function reasonOf(visitor: Visitor, page: Page, link: RegExp) {
    const { error, error_description } = answerOf(await visitor.click(page, link));
    assert.equal(error, 'access_denied');
    return error_description;
  }

  test('says so where access to Matrix was switched off', async () => {
    const eve = await world.addPerson();
    await world.database.query(`update accounts set matrix_access = 'revoked' where id = $1`, [
      eve.id,
    ]);
    const { visitor, page } = await begin(synapse);
    const end = await enterPassword(visitor, page, eve);
    assert.equal(end.heading, 'Your chat access is switched off');
    assert.equal(await reasonOf(visitor, end, /^Back/), endings.matrix_access_revoked);
    const silent = await visitor.open((await synapse.request({ prompt: 'none' })).url);
    assert.equal(answerOf(silent).error_description, endings.matrix_access_revoked);
  });

  test('says so where the account may not sign in here', async () => {
    const { id } = await world.addTenant();
    const other = await Application.of(world, { allTenants: false, tenantIds: [id] });
    const blocked = await world.addPerson({ tenantId: id });
    await world.database.query(`update accounts set status = 'disabled' where id = $1`, [
      blocked.id,
    ]);
    const { visitor, page } = await begin(other);
    const end = await enterPassword(visitor, page, blocked);
    assert.equal(end.status, 403);
    assert.equal(await reasonOf(visitor, end, /^Back/), endings.account_unavailable);
  });

  test('says so where the community is closed, and where the person has to wait', async () => {
    for (const [column, value, reason] of [
      ['sign_up', 'closed', endings.sign_up_closed],
      ['sign_up_approval', true, endings.request_waiting],
    ] as const) {
      const { id, slug } = await world.addTenant();
      await world.database.query(`update tenants set ${column} = $2 where id = $1`, [id, value]);
      const { visitor, page } = await begin(app, { tenant: slug });
      const email = newEmail();
      const code = await visitor.submit(page, { email }, { button: /code/i });
      const mail = await world.service.mailbox.waitForMail(email);
      const end = await visitor.submit(code, { code: codeIn(mail) });
      assert.equal(await reasonOf(visitor, end, /back/i), reason);
    }
  });

  test('says whether the person turned back, or did not allow it', async () => {
    const { visitor, page } = await begin(app);
    assert.equal(await reasonOf(visitor, page, /^Cancel/), endings.cancelled);
    const again = await visitor.open((await app.request()).url);
    const consent = await enterPassword(visitor, again, ada);
    const denied = answerOf(await visitor.submit(consent, {}, { button: /Don’t/ }));
    assert.equal(denied.error, 'access_denied');
    assert.equal(denied.error_description, endings.consent_denied);
  });

  test('says nothing that stands in an address and is no reason of ours', async () => {
    for (const because of ['evil', '__proto__', 'toString', '']) {
      const { visitor, page } = await begin(app);
      const address = `${page.url.href}/cancel?because=${because}`;
      const { error_description } = answerOf(await visitor.open(address));
      assert.equal(error_description, endings.cancelled);
    }
  });

  test('has words on Synapse’s page, whatever the reason', async () => {
    const path = new URL('../../../synapse/templates/errors.html', import.meta.url);
    const known = await readFile(path, 'utf8');
    for (const reason of Object.values(endings)) assert.ok(known.includes(`"${reason}":`), reason);
  });
});
