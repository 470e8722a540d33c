import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { bring, openPlatform, signInPage, whoSignsIn } from '../handoff/hand-off.ts';
import { newVisitor } from '../oidc/application.ts';
import { furnish, type World } from '../oidc/world.ts';
import { call } from '../platform/api.ts';
import { prepareService } from '../support/service.ts';
import { Company } from './company.ts';

const secret = 'a-secret-of-the-platform-0123456789';

describe('a platform that is an OpenID provider itself', () => {
  let world: World;
  let provider: Company;
  beforeAll(async () => {
    const prepared = await prepareService({ env: { UPSTREAM_ALLOWED_NETWORKS: '127.0.0.1/32' } });
    provider = await Company.start({
      client_id: 'openmeet',
      client_secret: secret,
      redirect_uris: [`${prepared.url}/callback/events`],
    });
    world = await furnish(await prepared.start());
    await world.service.cli(
      ...['connections', 'add', '--tenant', 'default', '--id', 'events', '--name', 'Acme Events'],
      ...['--issuer', provider.url, '--client-id', 'openmeet', '--secret', secret],
    );
  });
  afterAll(async () => {
    await world?.close();
    await provider?.stop();
  });

  test('has its people sign up with their account there, names them, and hands them over', async () => {
    const platform = await openPlatform(world, {
      app: { tenantIds: [world.defaultTenantId] },
    });
    provider.person = { sub: 'u-42', name: 'Ann', email: 'ann@mail.example', email_verified: true };
    const atHome = newVisitor();
    const attempt = await platform.app.request({ upstream: 'events' });
    const profile = await atHome.open(attempt.url);
    const back = await atHome.submit(
      profile,
      { name: 'Ann', handle: 'ann.events' },
      { button: 'Continue' },
    );
    const { sub } = (await platform.app.redeem(attempt, back)).claims() ?? {};
    const order = { clientId: platform.app.client.id, redirectUri: signInPage };
    const before = await platform.ask({ ...order, accountId: sub });
    assert.equal(before.body.error, 'account_not_linked', 'having come from there is not enough');
    const { status } = await call(world, `/accounts/${sub}/platform`, {
      ...{ token: platform.token, method: 'PUT' },
      body: { platformUserId: 'u-42', platformSlug: 'ann-p' },
    });
    assert.equal(status, 200);
    for (const name of [{ platformUserId: 'u-42' }, { userSlug: 'ann-p' }]) {
      const { body } = await platform.ask({ ...order, ...name });
      const visitor = newVisitor();
      await bring(visitor, world, String(body.ticket));
      assert.equal(await whoSignsIn(visitor, platform.app), sub);
    }
  });
});
