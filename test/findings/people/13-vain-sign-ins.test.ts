import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  Application,
  answerOf,
  enterPassword,
  newVisitor,
  refused,
} from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const sfa = 'https://refeds.org/profile/sfa';
const mfa = 'https://refeds.org/profile/mfa';
const gold = 'urn:mace:gold';

const idToken = (claims: object) => ({ claims: JSON.stringify({ id_token: claims }) });

describe('what no sign-in here can give', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    ada = await world.addPerson();
    const grantTypes = ['authorization_code', 'refresh_token', deviceGrant];
    app = await Application.of(world, { grantTypes });
  });
  afterAll(() => world.close());

  async function signedIn(): Promise<Visitor> {
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    return visitor;
  }
  const open = async (params: Record<string, string>, visitor = newVisitor()) =>
    visitor.open((await app.request(params)).url);

  const unattainable: Record<string, Record<string, string>> = {
    'one value': idToken({ acr: { essential: true, value: gold } }),
    'any of several': idToken({ acr: { essential: true, values: [gold, 'urn:mace:silver'] } }),
    'one, and acr_values beside it': {
      ...idToken({ acr: { essential: true, value: gold } }),
      acr_values: sfa,
    },
    'one, without a page': {
      ...idToken({ acr: { essential: true, value: gold } }),
      prompt: 'none',
    },
  };
  for (const [what, params] of Object.entries(unattainable)) {
    test(`is an error at the client at once: an essential acr of ${what}`, async () => {
      for (const visitor of [newVisitor(), await signedIn()]) {
        const answer = answerOf(await open(params, visitor));
        assert.equal(answer.error, 'unmet_authentication_requirements');
        assert.ok(answer.state && !answer.code);
      }
    });
  }

  test('is an error at the client where the request was pushed', async () => {
    const { url } = await app.request(unattainable['one value']);
    const pushed = await openid.buildAuthorizationUrlWithPAR(app.config, url.searchParams);
    const answer = answerOf(await newVisitor().open(pushed));
    assert.equal(answer.error, 'unmet_authentication_requirements');
  });

  test('ends a device’s waiting, and its person is told that it is not connected', async () => {
    const order = { scope: 'openid', ...unattainable['one value'] };
    const started = await openid.initiateDeviceAuthorization(app.config, order);
    const visitor = newVisitor();
    const typed = await visitor.open(String(started.verification_uri_complete));
    const page = await visitor.submit(await visitor.submit(typed));
    assert.equal(page.heading, 'Not connected');
    const asking = openid.genericGrantRequest(app.config, deviceGrant, {
      device_code: started.device_code,
    });
    await refused(asking, 'unmet_authentication_requirements');
  });

  test('is an error at the client after the sign-in: a second factor that nobody set up', async () => {
    const params = idToken({ acr: { essential: true, value: mfa } });
    for (const visitor of [newVisitor(), await signedIn()]) {
      const page = await open(params, visitor);
      const answer = answerOf(
        await visitor.submit(page, { email: ada.email, password: ada.password }),
      );
      assert.equal(answer.error, 'unmet_authentication_requirements');
      assert.ok(answer.state && !answer.code);
    }
  });

  test('is no error where it is not essential, or where another value will do', async () => {
    for (const params of [
      idToken({ acr: { value: mfa } }),
      idToken({ acr: { essential: true, values: [mfa, sfa] } }),
      { ...idToken({ acr: { essential: true, values: [mfa, sfa] } }), acr_values: mfa },
      { acr_values: mfa },
    ]) {
      const tokens = await app.signIn(newVisitor(), ada, params);
      assert.equal(tokens.claims()?.acr, sfa);
    }
  });

  for (const [who, subject] of [
    ['nobody', async () => randomUUID()],
    ['somebody else', async () => (await world.addPerson()).id],
  ] as const) {
    test(`is asked for once: a sign-in as ${who}, by the claim sub`, async () => {
      for (const sub of [{ value: await subject() }, { values: [await subject()] }]) {
        const visitor = await signedIn();
        const page = await open(idToken({ sub }), visitor);
        assert.ok(page.has('input[name=password]'));
        const answer = answerOf(await visitor.submit(page, { password: ada.password }));
        assert.equal(answer.error, 'login_required');
        assert.ok(!answer.code);
      }
    });
  }

  test('is asked for once: a sign-in as somebody who is gone, by id_token_hint', async () => {
    const bob = await world.addPerson({ name: 'Bob' });
    const { id_token: id_token_hint = '' } = await app.signIn(newVisitor(), bob);
    await world.database.query(`update accounts set status = 'disabled' where id = $1`, [bob.id]);
    const visitor = await signedIn();
    const page = await open({ id_token_hint }, visitor);
    const answer = answerOf(await visitor.submit(page, { password: ada.password }));
    assert.equal(answer.error, 'login_required');
  });

  test('is not given to whoever comes in place of the person of an id_token_hint', async () => {
    const bob = await world.addPerson({ name: 'Bob' });
    const { id_token: id_token_hint = '' } = await app.signIn(newVisitor(), bob);
    const visitor = newVisitor();
    const answer = answerOf(
      await enterPassword(visitor, await open({ id_token_hint }, visitor), ada),
    );
    assert.deepEqual([answer.error, answer.code], ['login_required', undefined]);
    const order = { scope: 'openid', id_token_hint };
    const { device_code, ...started } = await openid.initiateDeviceAuthorization(app.config, order);
    const browser = await signedIn();
    const typed = await browser.open(String(started.verification_uri_complete));
    const page = await browser.submit(await browser.submit(typed));
    const stopped = await browser.submit(page, { password: ada.password });
    assert.equal(stopped.heading, 'Not connected');
    await refused(
      openid.genericGrantRequest(app.config, deviceGrant, { device_code }),
      'login_required',
    );
  });

  test('is not what a sign-in as the right person is taken for', async () => {
    const bob = await world.addPerson({ name: 'Bob' });
    const { id_token: hint = '' } = await app.signIn(newVisitor(), bob);
    for (const params of [{ id_token_hint: hint }, idToken({ sub: { value: bob.id } })]) {
      const visitor = await signedIn();
      const attempt = await app.request(params);
      const page = await visitor.open(attempt.url);
      const back = await enterPassword(visitor, page, bob);
      assert.equal((await app.redeem(attempt, back)).claims()?.sub, bob.id);
    }
  });
});
