import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  bring,
  openPlatform,
  type Platform,
  signInPage,
  signInThere,
} from '../../handoff/hand-off.ts';
import { Application, answerOf, newVisitor } from '../../oidc/application.ts';
import { openWorld, type World } from '../../oidc/world.ts';
import { actionsOn, visitAccount } from '../account/visitor.ts';

describe('a hand-off', () => {
  let world: World;
  let platform: Platform;
  let other: Application;
  beforeAll(async () => {
    world = await openWorld({ env: { LOG_LEVEL: 'trace' } });
    platform = await openPlatform(world);
    other = await Application.of(world);
  });
  afterAll(() => world.close());

  /** Somebody new whom the platform hands over, up to the tokens of the application. */
  async function handOver() {
    const ann = await platform.addMember({ name: 'Ann' });
    const visitor = newVisitor();
    const ticket = await platform.ticketFor(ann);
    const there = await bring(visitor, world, ticket);
    assert.equal(there.url.href, signInPage);
    const { attempt, page } = await signInThere(visitor, platform.app);
    const tokens = await platform.app.redeem(attempt, page);
    return { ann, visitor, ticket, tokens };
  }

  test('signs in at the application, without a page of ours', async () => {
    const { ann, visitor, tokens } = await handOver();
    assert.equal(tokens.claims()?.sub, ann.id);
    assert.equal(tokens.claims()?.tenant_id, world.defaultTenantId);
    assert.deepEqual(
      visitor.visited.map(({ pathname }) => pathname.replace(/[\w-]{43}/, ':uid')),
      ['/handoff', '/handoff', '/oidc/auth', '/interaction/:uid/handed-over', '/oidc/auth/:uid'],
    );
    const actions = await actionsOn(world, ann.id);
    assert.deepEqual(actions, ['handoff.issued', 'account.handed_over']);
  });

  test('shows its ticket in no address and no log', async () => {
    const { visitor, ticket } = await handOver();
    assert.ok(visitor.visited.every(({ href }) => !href.includes(ticket)));
    assert.ok(!world.service.logs().includes(ticket));
    const [{ stored } = { stored: '' }] = await world.database.query<{ stored: string }>(
      'select json_agg(t)::text as stored from handoff_tickets t',
    );
    assert.ok(!String(stored).includes(ticket));
  });

  test('leaves no session in the browser: everything else asks to sign in', async () => {
    const { ann, visitor } = await handOver();
    const names = visitor.cookies.all.map(({ name }) => name);
    assert.ok(!names.includes('session') && !names.includes('handoff'), names.join());
    for (const app of [platform.app, other]) {
      assert.match((await signInThere(visitor, app)).page.heading, /^Sign in/);
      const silent = await signInThere(visitor, app, { prompt: 'none' });
      assert.equal(answerOf(silent.page).error, 'login_required');
    }
    const account = await visitor.open(`${world.url}/account`);
    assert.match(account.heading, /^Sign in/);
    assert.ok(!account.text.includes(ann.handle));
    assert.ok(!(await visitor.open(world.url)).text.includes(ann.handle));
  });

  test('is a session of its own that its owner sees, and can end', async () => {
    const { ann, tokens } = await handOver();
    assert.equal((await platform.app.userinfo(tokens)).sub, ann.id);
    const { visitor, page } = await visitAccount(world, ann);
    await visitor.submit(page, {}, { form: /sessions\/end-all/ });
    await assert.rejects(platform.app.userinfo(tokens));
  });

  test('is no proof: the time of the last one stays', async () => {
    const ann = await platform.addMember();
    await other.signIn(newVisitor(), ann);
    await world.database.query(
      `update accounts set last_sign_in_at = now() - interval '1 day' where id = $1`,
      [ann.id],
    );
    const visitor = newVisitor();
    await bring(visitor, world, await platform.ticketFor(ann));
    const { attempt, page } = await signInThere(visitor, platform.app);
    const tokens = await platform.app.redeem(attempt, page);
    const { payload } = await sessionOf(ann.id);
    assert.ok(Date.now() / 1000 - payload.loginTs > 23 * 3600);
    assert.deepEqual([payload.amr, payload.acr], [['handoff'], undefined]);
    assert.equal(tokens.claims()?.sub, ann.id);
  });

  const sessionOf = async (accountId: string) => {
    const [session] = await world.database.query<{
      payload: { loginTs: number; amr: string[]; acr?: string };
    }>(
      `select payload from oidc_artifacts where model = 'Session' and account_id = $1
        order by created_at desc limit 1`,
      [accountId],
    );
    assert.ok(session);
    return session;
  };

  const acr = { essential: true, value: 'https://refeds.org/profile/sfa' };
  const essentialAcr = { claims: JSON.stringify({ id_token: { acr } }) };

  test('answers no request that asks for a proof, a choice or an account', async () => {
    const ann = await platform.addMember();
    for (const [params, heading] of [
      [{ prompt: 'login' }, /^Sign in/],
      [{ max_age: '3600' }, /^Sign in/],
      [{ acr_values: 'https://refeds.org/profile/sfa' }, /^Sign in/],
      [{ prompt: 'select_account' }, /^Sign in/],
      [{ prompt: 'create' }, /^Create/],
      [essentialAcr, /^Sign in/],
    ] as const) {
      const visitor = newVisitor();
      await bring(visitor, world, await platform.ticketFor(ann));
      const { page } = await signInThere(visitor, platform.app, params);
      assert.match(page.heading, heading, JSON.stringify(params));
      assert.ok(!page.text.includes(ann.handle));
    }
  });

  test('of whom there is more to ask is asked to sign in', async () => {
    const ann = await platform.addMember();
    await world.database.query('update tenants set email_required = true where id = $1', [
      ann.tenantId,
    ]);
    await world.database.query(
      'update accounts set email = null, email_key = null, email_verified = false where id = $1',
      [ann.id],
    );
    const visitor = newVisitor();
    await bring(visitor, world, await platform.ticketFor(ann));
    const { attempt, page } = await signInThere(visitor, platform.app);
    await world.database.query('update tenants set email_required = false');
    assert.match(page.heading, /^Sign in/);
    assert.equal((await sessionsOf(ann.id)).length, 0);
    const bob = await world.addPerson();
    const back = await visitor.submit(page, { email: bob.email, password: bob.password });
    assert.equal((await platform.app.redeem(attempt, back)).claims()?.sub, bob.id);
  });

  const sessionsOf = (accountId: string) =>
    world.database.query(
      `select 1 from oidc_artifacts where model = 'Session' and account_id = $1`,
      [accountId],
    );

  test('leads on, too, when the form is sent twice', async () => {
    const ann = await platform.addMember();
    const visitor = newVisitor();
    const ticket = await platform.ticketFor(ann);
    for (const _ of [1, 2]) {
      assert.equal((await bring(visitor, world, ticket)).url.href, signInPage);
    }
    const { attempt, page } = await signInThere(visitor, platform.app);
    assert.equal((await platform.app.redeem(attempt, page)).claims()?.sub, ann.id);
  });
});
