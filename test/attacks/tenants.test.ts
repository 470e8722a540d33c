import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, answerOf, enterPassword, newVisitor, refused } from '../oidc/application.ts';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import { codeIn, linkIn } from '../support/mail.ts';

const shared = 'in.both@mail.example';

describe('what belongs to one tenant, used at another', () => {
  let world: World;
  let acme: { id: string; slug: string };
  let globex: { id: string; slug: string };
  let acmeApp: Application;
  let globexApp: Application;
  let everywhere: Application;
  let ann: Person;
  let annAtGlobex: Person;
  beforeAll(async () => {
    world = await openWorld();
    [acme, globex] = [
      await world.addTenant({ slug: 'acme' }),
      await world.addTenant({ slug: 'globex' }),
    ];
    acmeApp = await Application.of(world, { tenantIds: [acme.id], name: 'Acme Chat' });
    globexApp = await Application.of(world, { tenantIds: [globex.id], name: 'Globex Chat' });
    everywhere = await Application.of(world);
    ann = await world.addPerson({ tenantId: acme.id, email: shared, name: 'Ann of Acme' });
    annAtGlobex = await world.addPerson({
      tenantId: globex.id,
      email: shared,
      name: 'Ann of Globex',
    });
  });
  afterAll(() => world.close());

  const begin = async (visitor: Visitor, app: Application, params: Record<string, string> = {}) =>
    visitor.open((await app.request(params)).url);

  test('a session signs nobody in', async () => {
    const visitor = newVisitor();
    await acmeApp.signIn(visitor, ann);
    for (const [app, params] of [
      [globexApp, {}],
      [everywhere, { tenant: 'globex' }],
    ] as const) {
      const silent = await begin(visitor, app, { ...params, prompt: 'none' });
      assert.equal(answerOf(silent).error, 'login_required');
      const page = await begin(visitor, app, params);
      assert.ok(page.has('[name=password]'));
      assert.ok(!page.text.includes('Ann of Acme'));
    }
  });

  test('a session is not ended by a sign-in elsewhere, nor does it answer for that', async () => {
    const visitor = newVisitor();
    await acmeApp.signIn(visitor, ann);
    const attempt = await globexApp.request();
    const back = await enterPassword(visitor, await visitor.open(attempt.url), annAtGlobex);
    const tokens = await globexApp.redeem(attempt, back);
    assert.equal(tokens.claims()?.sub, annAtGlobex.id);
    assert.equal(tokens.claims()?.tenant_id, globex.id);
    const chooser = await begin(visitor, acmeApp, { prompt: 'select_account' });
    assert.ok(chooser.text.includes('Ann of Acme') && !chooser.text.includes('Ann of Globex'));
  });

  test('an account is not to be had through the chooser by its id', async () => {
    const visitor = newVisitor();
    await acmeApp.signIn(visitor, ann);
    await globexApp.signIn(visitor, annAtGlobex);
    const chooser = await begin(visitor, acmeApp, { prompt: 'select_account' });
    const form = chooser.fill({}, { button: 'Ann of Acme' });
    form.fields.set('account', annAtGlobex.id);
    const answer = await visitor.send(form, chooser);
    assert.notEqual(answer.status, 0);
  });

  test('a sign-in cannot be finished with the other account of the same address', async () => {
    for (const [app, own, other] of [
      [acmeApp, ann, annAtGlobex],
      [globexApp, annAtGlobex, ann],
    ] as const) {
      const tokens = await app.signIn(newVisitor(), own);
      assert.equal(tokens.claims()?.sub, own.id);
      const visitor = newVisitor();
      const page = await begin(visitor, app);
      const byHandle = await enterPassword(visitor, page, { ...other, email: other.handle });
      assert.equal(byHandle.status, 422);
    }
  });

  test('a sign-in stays where it began, whatever its forms and addresses say', async () => {
    const visitor = newVisitor();
    const page = await begin(visitor, acmeApp, { prompt: 'create' });
    const form = page.fill({ email: 'moved@mail.example' });
    for (const name of ['tenant', 'tenantId', 'tenant_id']) form.fields.set(name, 'globex');
    form.url.searchParams.set('tenant', 'globex');
    const code = await visitor.send(form, page);
    const mail = await world.service.mailbox.waitForMail('moved@mail.example');
    const profile = await visitor.submit(code, { code: codeIn(mail) });
    const made = profile.fill({ name: 'Mo', handle: 'mo.moved' });
    for (const name of ['tenant', 'tenantId', 'tenant_id']) made.fields.set(name, globex.id);
    await visitor.send(made, profile);
    const [account] = await world.database.query<{ tenant_id: string }>(
      'select tenant_id from accounts where email_key = $1',
      ['moved@mail.example'],
    );
    assert.equal(account?.tenant_id, acme.id);
  });

  test('a code by mail proves nothing, also for the same address in the same browser', async () => {
    const visitor = newVisitor();
    const there = await begin(visitor, globexApp);
    const globexPage = await visitor.submit(there, { email: shared }, { button: /code/i });
    await world.service.mailbox.waitForMail(shared);
    const elsewhere = newVisitor();
    const acmePage = await elsewhere.submit(
      await begin(elsewhere, acmeApp),
      ...([{ email: shared }, { button: /code/i }] as const),
    );
    const acmeCode = codeIn(await world.service.mailbox.waitForMail(shared));
    const answer = await visitor.submit(globexPage, { code: acmeCode });
    assert.equal(answer.status, 422);
    const honest = await elsewhere.submit(acmePage, { code: acmeCode });
    assert.equal(honest.status, 0);
  });

  test('a recovery link changes the account that it was mailed for, and no other', async () => {
    const visitor = newVisitor();
    const page = await visitor.click(await begin(visitor, acmeApp), /forgot/i);
    await visitor.submit(page, { email: shared });
    const link = linkIn(await world.service.mailbox.waitForMail(shared), /recover/);
    const hashOf = async ({ id }: Person) => {
      const [row] = await world.database.query<{ hash: string }>(
        'select password_hash as hash from accounts where id = $1',
        [id],
      );
      return row?.hash;
    };
    const [acmeHash, globexHash] = [await hashOf(ann), await hashOf(annAtGlobex)];
    const opened = await newVisitor().open(link);
    const form = opened.fill({});
    const reader = newVisitor();
    const next = await reader.send(form, await reader.open(link));
    if (next.has('[name=password]')) {
      await reader.submit(next, { password: 'copper-lantern-93' });
    }
    assert.notEqual(await hashOf(ann), acmeHash);
    assert.equal(await hashOf(annAtGlobex), globexHash);
    await world.database.query('update accounts set password_hash = $2 where id = $1', [
      ann.id,
      acmeHash,
    ]);
  });

  test('an authorization code gives nothing', async () => {
    const visitor = newVisitor();
    const attempt = await acmeApp.request();
    const back = await enterPassword(visitor, await visitor.open(attempt.url), ann);
    await refused(globexApp.redeem(attempt, back), 'invalid_grant');
  });

  test('tokens tell nothing, refresh nothing, and cannot be revoked', async () => {
    const tokens = await acmeApp.signIn(newVisitor(), ann);
    for (const token of [tokens.access_token, tokens.refresh_token ?? '']) {
      const told = await openid.tokenIntrospection(globexApp.config, token);
      assert.deepEqual({ ...told }, { active: false });
      await openid.tokenRevocation(globexApp.config, token).catch(() => {});
    }
    await refused(globexApp.refresh(tokens.refresh_token), 'invalid_grant');
    assert.equal((await acmeApp.userinfo(tokens)).sub, ann.id);
  });

  test('tokens die when their client moves to the other tenant', async () => {
    const moving = await Application.of(world, { tenantIds: [acme.id] });
    const tokens = await moving.signIn(newVisitor(), ann);
    await world.database.query('update client_tenants set tenant_id = $2 where client_id = $1', [
      moving.client.id,
      globex.id,
    ]);
    await assert.rejects(moving.userinfo(tokens));
    await assert.rejects(moving.refresh(tokens.refresh_token));
  });

  test('a pushed request, and a device code, stay with their client', async () => {
    const { url } = await acmeApp.request();
    const pushed = await openid.buildAuthorizationUrlWithPAR(acmeApp.config, url.searchParams);
    pushed.searchParams.set('client_id', globexApp.client.id);
    assert.equal((await newVisitor().open(pushed)).status, 400);
    const grant = 'urn:ietf:params:oauth:grant-type:device_code';
    const grantTypes = ['authorization_code', grant];
    const tv = await Application.of(world, { tenantIds: [acme.id], grantTypes });
    const { device_code, user_code } = await openid.initiateDeviceAuthorization(tv.config, {
      scope: 'openid',
    });
    const visitor = newVisitor();
    await globexApp.signIn(visitor, annAtGlobex);
    const page = await visitor.open(`${world.issuer}/device`);
    const confirm = await visitor.submit(page, { user_code });
    const login = await visitor.submit(confirm);
    assert.ok(login.has('[name=password]'), 'an account of the device’s tenant is needed');
    const other = await Application.of(world, { tenantIds: [globex.id], grantTypes });
    const redeeming = openid.genericGrantRequest(other.config, grant, { device_code });
    await refused(redeeming, 'invalid_grant');
  });

  test('a community cannot be joined that does not let people in', async () => {
    const closed = await world.addTenant({ slug: 'closed', signUp: 'closed' });
    const visitor = newVisitor();
    const page = await begin(visitor, everywhere, { prompt: 'create' });
    const form = page.fill({ email: 'outsider@mail.example', tenant: 'acme' });
    form.fields.set('tenant', closed.slug);
    const answer = await visitor.send(form, page);
    assert.ok(!answer.has('[name=code]'));
    const bound = await Application.of(world, { tenantIds: [closed.id] });
    const other = newVisitor();
    const signUp = await begin(other, bound, { prompt: 'create' });
    const tried = signUp.has('[name=email]')
      ? await other.submit(signUp, { email: 'outsider@mail.example' })
      : signUp;
    assert.ok(!tried.has('[name=handle]'));
    const [made] = await world.database.query<{ count: number }>(
      'select count(*)::int as count from accounts where tenant_id = $1',
      [closed.id],
    );
    assert.equal(made?.count, 0);
  });
});
