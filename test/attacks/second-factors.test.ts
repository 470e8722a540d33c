import assert from 'node:assert/strict';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { makeRecoveryCodes } from '../../src/factors/recovery-codes.ts';
import { codeAfter, codeOf } from '../factors/app.ts';
import { forgetSteps, type Protected, protect } from '../factors/protect.ts';
import { Application, answerOf, enterPassword, newVisitor } from '../oidc/application.ts';
import { furnish, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import { codeIn, linkIn } from '../support/mail.ts';
import type { Page } from '../support/page.ts';
import { type BalancedService, startInstances } from '../support/service.ts';

const mfa = 'https://refeds.org/profile/mfa';

describe('who has the password and not the second factor', { timeout: 180_000 }, () => {
  let world: World<BalancedService>;
  let app: Application;
  let ada: Protected;
  beforeAll(async () => {
    world = await furnish(await startInstances(2, { env: { TRUSTED_PROXIES: '127.0.0.1/32' } }));
    app = await Application.of(world);
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    ada = await protect(world, await world.addPerson());
  });

  let strangers = 0;
  const stranger = () =>
    newVisitor({ headers: { 'x-forwarded-for': `10.2.0.${++strangers % 250}` } });

  async function firstStep(visitor: Visitor, params: Record<string, string> = {}) {
    const page = await visitor.open((await app.request(params)).url);
    const asked = await enterPassword(visitor, page, ada);
    assert.equal(asked.heading, 'Enter the code from your app');
    return asked;
  }

  const isIn = (page: Page) => page.status === 0 && page.url.searchParams.has('code');
  const other = (code: string) => String((Number(code) + 7) % 1e6).padStart(6, '0');

  test('cannot use a code that its owner used, on either instance', async () => {
    const code = codeOf(ada.secret);
    const owner = newVisitor();
    assert.ok(isIn(await owner.submit(await firstStep(owner), { code })));
    for (let tries = 0; tries < 4; tries += 1) {
      const thief = stranger();
      assert.equal((await thief.submit(await firstStep(thief), { code })).status, 422);
    }
  });

  test('cannot use one code many times at once', async () => {
    const visitors = Array.from({ length: 6 }, stranger);
    const asked = await Promise.all(visitors.map((visitor) => firstStep(visitor)));
    const code = codeOf(ada.secret);
    const pages = await Promise.all(
      visitors.map((visitor, index) => visitor.submit(asked[index] as Page, { code })),
    );
    assert.equal(pages.filter(isIn).length, 1);
  });

  test('cannot use a code that is minutes old, or one to come', async () => {
    const visitor = stranger();
    const asked = await firstStep(visitor);
    for (const periods of [-4, 4]) {
      const refused = await visitor.submit(asked, { code: codeAfter(ada.secret, periods) });
      assert.equal(refused.status, 422);
    }
  });

  test('cannot use one recovery code twice, not even at the same time', async () => {
    const [code = ''] = ada.recoveryCodes;
    const visitors = Array.from({ length: 4 }, stranger);
    const asked = await Promise.all(
      visitors.map(async (visitor) =>
        visitor.click(await firstStep(visitor), 'Use a recovery code'),
      ),
    );
    const pages = await Promise.all(
      visitors.map((visitor, index) => visitor.submit(asked[index] as Page, { code })),
    );
    assert.equal(pages.filter(isIn).length, 1);
  });

  test('cannot use recovery codes that were replaced, or those of somebody else', async () => {
    const bob = await protect(world, await world.addPerson());
    await world.database.transaction((tx) =>
      makeRecoveryCodes(
        tx,
        { accountId: ada.id },
        { fingerprints: world.fingerprints, queueMail: async () => true },
      ),
    );
    const visitor = stranger();
    const asked = await visitor.click(await firstStep(visitor), 'Use a recovery code');
    for (const code of [ada.recoveryCodes[0], bob.recoveryCodes[0]]) {
      assert.equal((await visitor.submit(asked, { code: code ?? '' })).status, 422);
    }
  });

  test('cannot guess on, from however many browsers and instances', async () => {
    for (let tries = 0; tries < 10; tries += 1) {
      const visitor = stranger();
      const asked = await firstStep(visitor);
      await visitor.submit(asked, { code: other(codeOf(ada.secret)) });
    }
    const visitor = stranger();
    const asked = await firstStep(visitor);
    const refused = await visitor.submit(asked, { code: codeOf(ada.secret) });
    assert.equal(refused.status, 422);
    assert.match(refused.text, /Too many tries/);
    const codes = await visitor.click(asked, 'Use a recovery code');
    const [code = ''] = ada.recoveryCodes;
    assert.equal((await visitor.submit(codes, { code })).status, 422, 'both count together');
  });

  test('cannot lock its owner out: a browser that signed in before has tries of its own', async () => {
    const owner = newVisitor();
    await owner.submit(await firstStep(owner), { code: codeOf(ada.secret) });
    for (let tries = 0; tries < 11; tries += 1) {
      const visitor = stranger();
      await visitor.submit(await firstStep(visitor), { code: '000000' });
    }
    await forgetSteps(world, ada);
    const asked = await firstStep(owner, { prompt: 'login' });
    assert.ok(isIn(await owner.submit(asked, { code: codeOf(ada.secret) })));
  });

  test('cannot go round the page by any other address of the sign-in', async () => {
    const visitor = stranger();
    const asked = await firstStep(visitor);
    const base = asked.url.href.replace(/\/second-step$/, '');
    const uid = new URL(base).pathname.split('/').at(-1);
    const names = [
      ...['', 'accounts', 'arrived', 'availability', 'code', 'community', 'consent', 'email'],
      ...['handed-over', 'link', 'memberships', 'new-password', 'password', 'profile', 'recovery'],
      ...['recovery-code', 'request', 'resend', 'sign-in', 'sign-up', 'with/google'],
    ];
    for (const name of names) {
      for (const method of ['GET', 'POST']) {
        const page = await visitor.fetch(`${base}${name && `/${name}`}`, {
          method,
          ...(method === 'POST' && {
            body: 'password=violet-kettle-47&skip=yes&code=',
            from: asked.url,
          }),
        });
        const to = String(page.headers.location ?? '');
        assert.doesNotMatch(to, /^https:\/\/app\.example.*[?&]code=/, name);
      }
    }
    const resumed = await visitor.open(`${world.issuer}/auth/${uid}`);
    assert.ok(!isIn(resumed));
    const silent = await visitor.open((await app.request({ prompt: 'none' })).url);
    assert.equal(answerOf(silent).error, 'login_required');
    const account = await visitor.open(`${world.url}/account`);
    assert.ok(account.has('input[name=password]'));
  });

  test('cannot do the second step of somebody else with their own app', async () => {
    const mallory = await protect(world, await world.addPerson());
    const visitor = stranger();
    const asked = await firstStep(visitor);
    assert.equal((await visitor.submit(asked, { code: codeOf(mallory.secret) })).status, 422);
    const thief = stranger();
    const page = await thief.open(asked.url);
    assert.ok(!page.has('input[name=code]'), 'the page is that of the browser that began');
  });

  test('cannot make less enough by asking for it', async () => {
    for (const params of [
      { acr_values: 'https://refeds.org/profile/sfa' },
      { acr_values: 'urn:openmeet-id:acr:two-steps' },
      {
        claims: JSON.stringify({
          id_token: { acr: { essential: true, value: 'urn:openmeet-id:acr:two-steps' } },
        }),
      },
    ] as Record<string, string>[]) {
      const visitor = stranger();
      const page = await visitor.open((await app.request(params)).url);
      if (page.status !== 0) {
        const next = await enterPassword(visitor, page, ada);
        assert.ok(!isIn(next));
      }
    }
  });

  test('cannot have less announced as more', async () => {
    const bob = await world.addPerson();
    const claims = JSON.stringify({ id_token: { acr: { value: mfa }, amr: null } });
    const tokens = await app.signIn(stranger(), bob, { acr_values: mfa, claims });
    assert.equal(tokens.claims()?.acr, 'https://refeds.org/profile/sfa');
    assert.deepEqual(tokens.claims()?.amr, ['pwd']);
  });

  test('cannot use the cookie of a browser that is remembered for another account or community', async () => {
    const tenant = await world.addTenant();
    const twin = await protect(
      world,
      await world.addPerson({ tenantId: tenant.id, email: ada.email }),
    );
    const visitor = newVisitor();
    await visitor.submit(await firstStep(visitor), { code: codeOf(ada.secret), remember: 'yes' });
    await world.database.query(`delete from oidc_artifacts where model = 'Session'`);
    const page = await visitor.open((await app.request({ tenant: tenant.slug })).url);
    assert.equal(
      (await enterPassword(visitor, page, twin)).heading,
      'Enter the code from your app',
    );
  });

  test('cannot reset the password by a mailed code to be in', async () => {
    const visitor = stranger();
    const page = await visitor.open((await app.request()).url);
    const recovery = await visitor.click(page, 'Forgot password?');
    const mailed = await visitor.submit(recovery, { email: ada.email });
    const code = codeIn(await world.service.mailbox.waitForMail(ada.email));
    const chosen = await visitor.submit(mailed, { code });
    const next = await visitor.submit(chosen, { password: 'copper-lantern-93' });
    assert.equal(next.heading, 'Enter the code from your app');
  });

  test('cannot reset the password by a mailed link to be in', async () => {
    const visitor = stranger();
    const page = await visitor.open((await app.request()).url);
    const recovery = await visitor.click(page, 'Forgot password?');
    await visitor.submit(recovery, { email: ada.email });
    const mail = await world.service.mailbox.waitForMail(ada.email);
    const opened = await visitor.submit(await visitor.open(linkIn(mail, /recover/)));
    const set = await visitor.submit(opened, { password: 'amber-saddle-28' });
    assert.ok(set.has('input[name=password]'), 'has to sign in');
    const known = { email: ada.email, password: 'amber-saddle-28' };
    const asked = await enterPassword(visitor, set, known);
    assert.equal(asked.heading, 'Enter the code from your app');
  });

  test('loses a first step that waits, when the password changes', async () => {
    const visitor = stranger();
    const asked = await firstStep(visitor);
    const owner = newVisitor();
    const mine = await firstStep(owner);
    await owner.submit(mine, { code: codeOf(ada.secret) });
    const page = await owner.open(`${world.url}/account/password`);
    await owner.submit(page, { current: ada.password, password: 'copper-lantern-93' });
    await forgetSteps(world, ada);
    const late = await visitor.submit(asked, { code: codeOf(ada.secret) });
    assert.ok(!isIn(late));
  });
});
