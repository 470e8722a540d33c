import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Visitor } from '../support/forms.ts';
import type { Page } from '../support/page.ts';
import { Application, enterPassword, newVisitor, refused } from './application.ts';
import { openWorld, type Person, type World } from './world.ts';

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

describe('a device without a browser (RFC 8628)', () => {
  let world: World;
  let app: Application;
  let ada: Person;
  beforeAll(async () => {
    world = await openWorld();
    const grantTypes = ['authorization_code', 'refresh_token', deviceGrant];
    [app, ada] = await Promise.all([
      Application.of(world, { name: 'Acme TV', grantTypes }),
      world.addPerson(),
    ]);
  });
  afterAll(() => world.close());

  const begin = () => openid.initiateDeviceAuthorization(app.config, { scope: 'openid profile' });

  /** One question at the token endpoint, without waiting for the interval. */
  const redeem = (code: string) =>
    openid.genericGrantRequest(app.config, deviceGrant, { device_code: code });

  async function typeCode(visitor: Visitor, userCode: string): Promise<Page> {
    const page = await visitor.open(`${world.issuer}/device`);
    return visitor.submit(page, { user_code: userCode });
  }

  test('signs in once the person has typed its code, checked it and signed in', async () => {
    const visitor = newVisitor();
    const started = await begin();
    assert.match(started.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    assert.equal(started.verification_uri, `${world.issuer}/device`);
    await refused(redeem(started.device_code), 'authorization_pending');
    const confirm = await typeCode(visitor, started.user_code.toLowerCase().replace('-', ' '));
    assert.match(confirm.heading, /Acme TV/);
    assert.match(confirm.text, new RegExp(started.user_code));
    const done = await enterPassword(visitor, await visitor.submit(confirm), ada);
    assert.equal(done.status, 200);
    const tokens = await redeem(started.device_code);
    assert.equal(tokens.claims()?.sub, ada.id);
    assert.equal(tokens.claims()?.name, ada.name);
  });

  test('gets its tokens once', async () => {
    const visitor = newVisitor();
    const { device_code, user_code } = await begin();
    const page = await visitor.submit(await typeCode(visitor, user_code));
    await enterPassword(visitor, page, ada);
    const tokens = await redeem(device_code);
    await refused(redeem(device_code), 'invalid_grant');
    await assert.rejects(app.userinfo(tokens));
  });

  test('can come with its code in the address, which still has to be confirmed', async () => {
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    const { verification_uri_complete, user_code, device_code } = await begin();
    const landing = await visitor.open(String(verification_uri_complete));
    const confirm = await visitor.submit(landing);
    assert.match(confirm.text, new RegExp(user_code));
    await refused(redeem(device_code), 'authorization_pending');
    assert.equal((await visitor.submit(confirm)).status, 200);
    assert.equal((await redeem(device_code)).claims()?.sub, ada.id);
  });

  test('is told when the person refuses', async () => {
    const visitor = newVisitor();
    const { user_code, device_code } = await begin();
    const confirm = await typeCode(visitor, user_code);
    await visitor.submit(confirm, {}, { button: 'No, stop' });
    await refused(redeem(device_code), 'access_denied');
  });

  test('shows beside the field what is wrong with a code', async () => {
    const visitor = newVisitor();
    for (const userCode of ['', 'BBBB-BBBB', '<script>alert(1)</script>']) {
      const page = await typeCode(visitor, userCode);
      assert.equal(page.status, 422);
      assert.ok(page.has('[name=user_code][aria-invalid=true]'), page.text);
      assert.ok(!page.body.includes('<script>alert'));
    }
  });

  test('has a code that is used up after one use, and expires', async () => {
    const visitor = newVisitor();
    const used = await begin();
    const page = await visitor.submit(await typeCode(visitor, used.user_code));
    await enterPassword(visitor, page, ada);
    assert.equal((await typeCode(visitor, used.user_code)).status, 422);
    const late = await begin();
    await world.database.query(
      `update oidc_artifacts set payload = payload || '{"exp": 1}' where model = 'DeviceCode'`,
    );
    assert.equal((await typeCode(visitor, late.user_code)).status, 422);
    await refused(redeem(late.device_code), 'expired_token');
  });

  test('is not offered to a client whose operator did not allow it', async () => {
    const other = await Application.of(world);
    const starting = openid.initiateDeviceAuthorization(other.config, { scope: 'openid' });
    await refused(starting, 'invalid_request');
  });
});
