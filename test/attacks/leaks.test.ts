import assert from 'node:assert/strict';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, answerOf, enterPassword, newVisitor } from '../oidc/application.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { codeIn, linkIn } from '../support/mail.ts';
import { type MailServer, startMailServer } from '../support/smtp.ts';

const password = 'silver-harbour-61';

describe('who reads our logs, or steals our database', () => {
  let mailServer: MailServer;
  let world: World;
  /** All that would let its holder in, by name. */
  const secrets: Record<string, string> = { password };

  beforeAll(async () => {
    mailServer = await startMailServer();
    world = await openWorld({ env: { SMTP_URL: mailServer.url, LOG_LEVEL: 'trace' } });
    await liveThroughEverything();
  });
  afterAll(async () => {
    await world?.close();
    await mailServer?.stop();
  });

  /** Signs up, in, refreshes, recovers, connects a device, pushes; and fails at some of it. */
  async function liveThroughEverything() {
    const grantTypes = ['authorization_code', 'refresh_token', deviceGrant];
    const app = await Application.of(world, { grantTypes });
    secrets.clientSecret = app.client.secret;
    const visitor = newVisitor();
    const attempt = await app.request({ prompt: 'create' });
    const signUp = await visitor.open(attempt.url);
    const code = await visitor.submit(signUp, { email: 'ada@mail.example' });
    secrets.mailedCode = codeIn(await mailServer.inbox.waitForMail('ada@mail.example'));
    const profile = await visitor.submit(code, { code: secrets.mailedCode });
    const choice = await visitor.submit(profile, { name: 'Ada', handle: 'ada.leaks' });
    const back = await visitor.submit(choice, { password });
    secrets.authorizationCode = answerOf(back).code ?? '';
    const tokens = await app.redeem(attempt, back);
    const again = await app.refresh(tokens.refresh_token);
    Object.assign(secrets, {
      ...{ accessToken: tokens.access_token, refreshToken: tokens.refresh_token },
      ...{ secondAccessToken: again.access_token, secondRefreshToken: again.refresh_token },
      session: visitor.cookies.find('session')?.value,
      browser: visitor.cookies.find('browser')?.value,
    });
    await fail(app);
    await recover(app);
    const pushed = await openid.buildAuthorizationUrlWithPAR(
      app.config,
      (await app.request()).url.searchParams,
    );
    secrets.pushedRequest = pushed.searchParams.get('request_uri')?.split(':').at(-1) ?? '';
    const device = await openid.initiateDeviceAuthorization(app.config, { scope: 'openid' });
    Object.assign(secrets, { deviceCode: device.device_code, userCode: device.user_code });
    secrets.plainUserCode = device.user_code.replace('-', '');
  }

  async function fail(app: Application) {
    const visitor = newVisitor();
    const page = await visitor.open((await app.request()).url);
    secrets.interaction = page.url.pathname.split('/').at(-1) ?? '';
    secrets.wrongPassword = 'something-they-use-elsewhere';
    await enterPassword(visitor, page, {
      email: 'ada@mail.example',
      password: secrets.wrongPassword,
    });
    await app.refresh(secrets.refreshToken).catch(() => {});
  }

  async function recover(app: Application) {
    const visitor = newVisitor();
    const page = await visitor.open((await app.request()).url);
    await visitor.submit(await visitor.click(page, /forgot/i), { email: 'ada@mail.example' });
    const mail = await mailServer.inbox.waitForMail('ada@mail.example');
    const link = new URL(linkIn(mail, /recover/));
    secrets.recoveryCode = codeIn(mail);
    secrets.link = link.searchParams.get('token') ?? '';
    await visitor.open(link);
  }

  test('finds no password, code, token, cookie, link or secret in the logs', () => {
    const logs = world.service.logs();
    assert.ok(logs.split('\n').length > 30);
    for (const [name, secret] of Object.entries(secrets)) {
      assert.ok(secret.length >= 6, `${name} is there to be looked for`);
      assert.ok(!logs.includes(secret), `${name} is in the logs`);
    }
  });

  test('finds nothing in any table that lets them in', async () => {
    const rows = await everyRow();
    assert.ok(rows.length > 20);
    for (const [name, secret] of Object.entries(secrets)) {
      const holder = rows.find(({ row }) => row.includes(secret));
      assert.equal(holder, undefined, `${name} is in ${holder?.table}: ${holder?.row}`);
    }
  });

  test('finds no private key and no readable mail either', async () => {
    for (const { table, row } of await everyRow()) {
      assert.ok(!/"(d|dp|dq|qi)":"[\w-]{20}|PRIVATE KEY/.test(row), table);
      if (table === 'mails') assert.ok(!row.includes('ada@mail.example'), row);
    }
  });

  test('cannot use what they find as if it was what we gave out', async () => {
    const ids = await world.database.query<{ id: string }>('select id from oidc_artifacts');
    assert.ok(ids.length > 3);
    const app = await Application.of(world);
    for (const { id } of ids) {
      await assert.rejects(app.userinfo({ access_token: id }));
      await assert.rejects(app.refresh(id));
    }
  });

  async function everyRow(): Promise<{ table: string; row: string }[]> {
    const tables = await world.database.query<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
        where table_type = 'BASE TABLE' and table_schema in ('public', 'graphile_worker')`,
    );
    const rows = [];
    for (const { name } of tables) {
      const found = await world.database.query<{ row: string }>(
        `select row_to_json(t)::text as row from ${name} t`,
      );
      rows.push(...found.map(({ row }) => ({ table: name.replace('public.', ''), row })));
    }
    return rows;
  }
});

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
