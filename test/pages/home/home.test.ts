import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { enterPassword } from '../../oidc/application.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import { Visitor } from '../../support/forms.ts';
import { startService } from '../../support/service.ts';
import { visitAccount } from '../account/visitor.ts';

describe('the start page', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world?.close());

  test('leads a stranger to the sign-in', async () => {
    const visitor = new Visitor();
    const home = await visitor.open(world.url);
    assert.equal(home.heading, 'Sign in to OpenMeet');
    const signIn = await visitor.click(home, 'Sign in');
    assert.match(signIn.url.pathname, /^\/interaction\//);
  });

  test('greets whoever is signed in', async () => {
    const person = await world.addPerson();
    const { visitor } = await visitAccount(world, person);
    const home = await visitor.open(world.url);
    assert.equal(home.heading, `Hello, ${person.name}`);
    assert.match(home.text, new RegExp(`@${person.handle}`));
    assert.equal((await visitor.click(home, 'Your account')).heading, 'Your account');
  });

  test('wears the colours of the community that it is asked for', async () => {
    const tenant = await world.addTenant();
    const { visitor } = await visitAccount(world, await world.addPerson());
    const home = await visitor.open(`${world.url}/?tenant=${tenant.slug}`);
    assert.equal(home.heading, `Sign in to ${tenant.slug}`);
    const person = await world.addPerson({ tenantId: tenant.id });
    const account = await enterPassword(visitor, await visitor.click(home, 'Sign in'), person);
    assert.match(account.text, new RegExp(`@${person.handle}:`));
  });

  test('is where a page that does not exist leads', async () => {
    const visitor = new Visitor();
    const page = await visitor.open(`${world.url}/no/such/page`);
    assert.equal(page.status, 404);
    assert.equal(page.heading, 'Page not found');
    assert.equal((await visitor.click(page, 'Go to the start page')).url.href, `${world.url}/`);
  });

  test('offers a trial sign-in, which shows every claim', async () => {
    const person = await world.addPerson();
    const visitor = new Visitor();
    const page = await visitor.click(await visitor.open(world.url), 'Try a sign-in');
    const signIn = await visitor.click(page, 'Start a sign-in');
    const consent = await enterPassword(visitor, signIn, person);
    assert.match(consent.text, /Trial application/);
    const result = await visitor.submit(consent);
    assert.equal(result.url.pathname, '/try/callback');
    for (const said of [person.handle, person.email, person.id, 'tenant_domain', 'refresh_token']) {
      assert.ok(result.text.includes(said), said);
    }
    const again = await visitor.open(result.url);
    assert.equal(again.url.pathname, '/try');
  });

  test('tells what went wrong with a trial', async () => {
    const visitor = new Visitor();
    const signIn = await visitor.open(`${world.url}/try/start`);
    const end = await visitor.click(signIn, /^Cancel/);
    assert.match(end.text, /access_denied/);
  });
});

test('a trial sign-in exists in development only', { timeout: 60_000 }, async () => {
  const service = await startService({
    env: {
      NODE_ENV: 'production',
      ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
      SMTP_URL: 'smtp://127.0.0.1:9',
      MAIL_FROM: 'OpenMeet <id@openmeet.example>',
      MATRIX_SERVER_NAME: 'matrix.openmeet.net',
    },
  });
  try {
    const visitor = new Visitor();
    for (const path of ['/try', '/try/start', '/try/callback']) {
      assert.equal((await visitor.open(service.url + path)).status, 404);
    }
    assert.doesNotMatch((await visitor.open(service.url)).text, /Try/);
    const answer = await visitor.open(
      `${service.issuer}/auth?client_id=openmeet_try&response_type=code&scope=openid`,
    );
    assert.equal(answer.status, 400);
  } finally {
    await service.stop();
  }
});
