import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { accountClientId } from '../../../src/clients/own-clients.ts';
import { Application, newVisitor, refused } from '../../oidc/application.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import { Visitor } from '../../support/forms.ts';
import { actionsOn, visitAccount } from './visitor.ts';

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0';
const iPhone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';

describe('sessions on the account page', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world?.close());

  const logoutsFor = async (accountId: string) => {
    const rows = await world.database.query<{ key: string }>(
      `select j.key from graphile_worker._private_jobs j
        where j.payload->>'sub' = $1 order by j.key`,
      [accountId],
    );
    return rows.map(({ key }) => key);
  };

  test('are listed with their device and address, this browser marked', async () => {
    const person = await world.addPerson();
    await visitAccount(world, person, { headers: { 'user-agent': iPhone } });
    const { page } = await visitAccount(world, person, { headers: { 'user-agent': firefox } });
    assert.match(page.text, /Firefox, Linux This browser · 127\.0\.0\.1/);
    assert.match(page.text, /Safari, iPhone this minute · 127\.0\.0\.1/);
  });

  test('end one by one, with their tokens, and tell the applications', async () => {
    const person = await world.addPerson();
    const application = await Application.of(world, {
      backchannelLogoutUri: 'https://app.example/logout',
    });
    const phone = newVisitor({ headers: { 'user-agent': iPhone } });
    const tokens = await application.signIn(phone, person);
    const { visitor, page } = await visitAccount(world, person);
    const after = await visitor.submit(page, {}, { form: /sessions\/end$/ });
    assert.match(after.text, /That browser is signed out/);
    assert.doesNotMatch(after.text, /iPhone/);
    await refused(application.userinfo(tokens), 'invalid_token');
    assert.match((await phone.open(`${world.url}/account`)).heading, /Sign in/);
    const sid = tokens.claims()?.sid;
    assert.ok(sid);
    assert.deepEqual(await logoutsFor(person.id), [
      `backchannel-logout:${application.client.id}:${sid}`,
    ]);
    assert.ok((await actionsOn(world, person.id)).includes('session.ended'));
  });

  test('end all together, but for this browser', async () => {
    const person = await world.addPerson();
    const others = [await visitAccount(world, person), await visitAccount(world, person)];
    const { visitor, page } = await visitAccount(world, person);
    const after = await visitor.submit(page, {}, { form: /end-all$/ });
    assert.match(after.text, /signed out everywhere else/);
    assert.ok(!after.has('[name=session]'));
    for (const other of others) {
      const seen = await other.visitor.open(`${world.url}/account`);
      assert.match(seen.heading, /Sign in/);
    }
  });

  test('of other people cannot be ended', async () => {
    const victim = await visitAccount(world, await world.addPerson());
    const [session] = await world.database.query<{ uid: string }>(
      `select uid from oidc_artifacts where model = 'Session' order by created_at desc limit 1`,
    );
    const person = await world.addPerson();
    await visitAccount(world, person);
    const { visitor, page } = await visitAccount(world, person);
    const submission = page.fill({}, { form: /sessions\/end$/ });
    submission.fields.set('session', (session as { uid: string }).uid);
    await visitor.send(submission, page);
    const still = await victim.visitor.open(`${world.url}/account`);
    assert.equal(still.heading, 'Your account');
  });
});

describe('connected applications', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world?.close());

  test('are listed by name, our own page left out', async () => {
    const person = await world.addPerson();
    const visitor = newVisitor();
    await (await Application.of(world, { name: 'Garden Planner' })).signIn(visitor, person);
    const page = await visitor.open(`${world.url}/account`);
    assert.match(page.text, /Garden Planner Since/);
    assert.ok(!page.has(`[value=${accountClientId}]`));
  });

  test('are disconnected with every token, and told so', async () => {
    const person = await world.addPerson();
    const application = await Application.of(world, {
      backchannelLogoutUri: 'https://app.example/logout',
    });
    const other = await Application.of(world);
    const visitor = newVisitor();
    const tokens = await application.signIn(visitor, person);
    const second = await application.signIn(newVisitor(), person);
    const kept = await other.signIn(newVisitor(), person);
    const page = await visitor.open(`${world.url}/account`);
    const submission = page.fill({}, { form: /revoke$/ });
    submission.fields.set('client', application.client.id);
    const after = await visitor.send(submission, page);
    assert.match(after.text, /The application is disconnected/);
    for (const ended of [tokens, second]) {
      await refused(application.userinfo(ended), 'invalid_token');
      await refused(application.refresh(ended.refresh_token), 'invalid_grant');
    }
    assert.equal((await other.userinfo(kept)).sub, person.id);
    const jobs = await world.database.query<{ key: string }>(
      'select key from graphile_worker.jobs where key like $1',
      [`backchannel-logout:${application.client.id}:%`],
    );
    assert.equal(jobs.length, 2);
  });

  test('of other people stay connected', async () => {
    const application = await Application.of(world);
    const victim = await application.signIn(newVisitor(), await world.addPerson());
    const { visitor, page } = await visitAccount(world, await world.addPerson());
    const form = page.fill({}, { form: /profile$/ });
    const url = new URL('/account/applications/revoke', world.url);
    const fields = new URLSearchParams({ client: application.client.id });
    await visitor.send({ ...form, url, fields }, page);
    assert.ok((await application.userinfo(victim)).sub);
  });
});

test('a stranger without a session is sent to the sign-in by every form', async () => {
  const world = await openWorld();
  try {
    for (const path of ['profile', 'sessions/end', 'applications/revoke', 'delete', 'password']) {
      const visitor = new Visitor();
      const answer = await visitor.fetch(`${world.url}/account/${path}`, {
        method: 'POST',
        body: '',
      });
      assert.equal(answer.status, 303);
      assert.match(answer.headers.location ?? '', /^\/oidc\/auth\?/);
    }
  } finally {
    await world.close();
  }
});
