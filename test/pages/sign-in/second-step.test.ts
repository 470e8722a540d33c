import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { codeOf } from '../../factors/app.ts';
import { forgetSteps, type Protected, protect } from '../../factors/protect.ts';
import { Application, answerOf, enterPassword, newVisitor } from '../../oidc/application.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';
import { codeIn } from '../../support/mail.ts';
import { actionsOn } from '../account/visitor.ts';

const sfa = 'https://refeds.org/profile/sfa';
const mfa = 'https://refeds.org/profile/mfa';
const claimsOf = (acr: object | null) => ({
  claims: JSON.stringify({ id_token: { acr, amr: null } }),
});
const essential = (acr: object) => claimsOf({ essential: true, ...acr });

describe('the second step of a sign-in', { timeout: 120_000 }, () => {
  let world: World;
  let app: Application;
  let ada: Protected;
  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world);
    ada = await protect(world, await world.addPerson());
  });
  afterAll(() => world.close());

  const open = async (visitor: Visitor, params: Record<string, string> = {}) => {
    const attempt = await app.request({ ...claimsOf(null), ...params });
    return { attempt, page: await visitor.open(attempt.url) };
  };

  /** As far as the page that asks for the code. */
  async function firstStep(visitor: Visitor, params: Record<string, string> = {}) {
    const { attempt, page } = await open(visitor, params);
    const asked = await enterPassword(visitor, page, ada);
    assert.equal(asked.heading, 'Enter the code from your app');
    return { attempt, asked };
  }

  async function signIn(
    visitor: Visitor,
    { params = {}, ...more }: { params?: Record<string, string>; remember?: string } = {},
  ) {
    await forgetSteps(world, ada);
    const { attempt, asked } = await firstStep(visitor, params);
    const back = await visitor.submit(asked, { code: codeOf(ada.secret), ...more });
    return (await app.redeem(attempt, back)).claims();
  }

  const endSessions = () =>
    world.database.query(`delete from oidc_artifacts where model = 'Session'`);

  test('is asked of whoever has an app, and says so to the application', async () => {
    const claims = await signIn(newVisitor());
    assert.equal(claims?.acr, mfa);
    assert.deepEqual(claims?.amr, ['pwd', 'otp', 'mfa']);
    assert.equal(claims?.sub, ada.id);
  });

  test('is not asked of anybody else', async () => {
    const bob = await world.addPerson();
    const claims = (await app.signIn(newVisitor(), bob, claimsOf(null))).claims();
    assert.deepEqual([claims?.acr, claims?.amr], [sfa, ['pwd']]);
  });

  test('says of the values that are reached the one that was asked for', async () => {
    for (const acr_values of [sfa, `phr ${sfa} ${mfa}`]) {
      const claims = await signIn(newVisitor(), { params: { acr_values } });
      assert.equal(claims?.acr, sfa);
    }
    const claims = await signIn(newVisitor(), { params: essential({ values: [mfa] }) });
    assert.equal(claims?.acr, mfa);
  });

  test('after a code by mail is never two factors to the application', async () => {
    await forgetSteps(world, ada);
    const visitor = newVisitor();
    const { attempt, page } = await open(visitor);
    const mailed = await visitor.submit(page, { email: ada.email }, { button: /code/i });
    const code = codeIn(await world.service.mailbox.waitForMail(ada.email));
    const asked = await visitor.submit(mailed, { code });
    const back = await visitor.submit(asked, { code: codeOf(ada.secret) });
    const claims = (await app.redeem(attempt, back)).claims();
    assert.equal(claims?.acr, sfa);
    assert.deepEqual(claims?.amr, ['otp']);
  });

  test('can be done by a recovery code, once', async () => {
    const [code = ''] = ada.recoveryCodes;
    const visitor = newVisitor();
    const { attempt, asked } = await firstStep(visitor);
    const page = await visitor.click(asked, 'Use a recovery code');
    const back = await visitor.submit(page, { code: code.toUpperCase() });
    assert.equal((await app.redeem(attempt, back)).claims()?.acr, mfa);
    const again = newVisitor();
    const second = await again.click((await firstStep(again)).asked, 'Use a recovery code');
    const refused = await again.submit(second, { code });
    assert.equal(refused.status, 422);
    assert.match(refused.text, /was used already/);
    assert.ok((await actionsOn(world, ada.id)).includes('recovery_code.used'));
  });

  test('says what is wrong with a code, and keeps the choice', async () => {
    const visitor = newVisitor();
    const { asked } = await firstStep(visitor);
    const empty = await visitor.submit(asked, { code: ' ', remember: 'yes' });
    assert.match(empty.text, /Enter the code from your app\./);
    assert.ok(empty.has('input[name=remember][checked]'));
    const wrong = await visitor.submit(empty, { code: '12345' });
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, /That code isn’t right/);
    assert.ok((await actionsOn(world, ada.id)).includes('factor.refused'));
  });

  test('is left by signing in as somebody else', async () => {
    const bob = await world.addPerson();
    const visitor = newVisitor();
    const { attempt, asked } = await firstStep(visitor);
    const page = await visitor.click(asked, 'Sign in as somebody else');
    const back = await enterPassword(visitor, page, bob);
    assert.equal((await app.redeem(attempt, back)).claims()?.sub, bob.id);
  });

  test('waits a quarter of an hour for whoever did the first', async () => {
    const visitor = newVisitor();
    const { asked } = await firstStep(visitor);
    await world.database.query(
      `update sign_ins set pending = jsonb_set(pending, '{proofs,0,at}',
        to_jsonb(now() - interval '16 minutes')) where pending_account_id = $1`,
      [ada.id],
    );
    await forgetSteps(world, ada);
    const page = await visitor.submit(asked, { code: codeOf(ada.secret) });
    assert.ok(page.has('input[name=password]'));
  });

  describe('in a browser that is remembered', () => {
    test('is not asked for, and the application is told of one factor', async () => {
      const visitor = newVisitor();
      await signIn(visitor, { remember: 'yes' });
      await endSessions();
      const { attempt, page } = await open(visitor);
      const claims = (await app.redeem(attempt, await enterPassword(visitor, page, ada))).claims();
      assert.deepEqual([claims?.acr, claims?.amr], [sfa, ['pwd']]);
    });

    test('is asked for where the application wants more, or a new proof', async () => {
      const visitor = newVisitor();
      await signIn(visitor, { remember: 'yes' });
      const wishes: Record<string, string>[] = [
        { acr_values: mfa },
        essential({ value: mfa }),
        { prompt: 'login' },
        { max_age: '0' },
      ];
      for (const params of wishes) {
        await endSessions();
        await firstStep(visitor, params);
      }
    });

    test('is asked of another account', async () => {
      const bob = await protect(world, await world.addPerson());
      const visitor = newVisitor();
      await signIn(visitor, { remember: 'yes' });
      await endSessions();
      const { page } = await open(visitor);
      const asked = await enterPassword(visitor, page, bob);
      assert.equal(asked.heading, 'Enter the code from your app');
    });
  });

  test('is asked once where a client would like more than an open session', async () => {
    const bob = await world.addPerson();
    const visitor = newVisitor();
    await app.signIn(visitor, bob);
    const silent = await open(visitor, { acr_values: mfa });
    assert.equal((await app.redeem(silent.attempt, silent.page)).claims()?.acr, sfa);
    const protectedBob = await protect(world, bob);
    const { attempt, page } = await open(visitor, { acr_values: mfa });
    const asked = await visitor.submit(page, { password: bob.password });
    const back = await visitor.submit(asked, { code: codeOf(protectedBob.secret) });
    assert.equal((await app.redeem(attempt, back)).claims()?.acr, mfa);
    const next = await open(visitor, { acr_values: mfa, prompt: 'none' });
    assert.ok(answerOf(next.page).code);
  });
});
