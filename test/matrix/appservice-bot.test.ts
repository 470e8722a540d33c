import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Finding } from '../../src/doctor/finding.ts';
import type { Registration } from '../../src/matrix/appservice/registration.ts';
import { runCli } from '../cli/terminal.ts';
import { type Platform, startPlatform } from '../support/platform.ts';

describe('the bot', { timeout: 120_000 }, () => {
  let platform: Platform;
  let registration: Registration;
  const bot = '@openmeet-bot:matrix.example';

  beforeAll(async () => {
    platform = await startPlatform({ bot: true });
    registration = await platform.service.cli<Registration>('synapse', 'registration');
  });
  afterAll(() => platform.stop());

  function settings(token = registration.as_token): Record<string, string> {
    const { service, synapse } = platform;
    return {
      NODE_ENV: 'test',
      PUBLIC_URL: service.url,
      DATA_DIR: service.dataDir,
      DATABASE_URL: service.databaseUrl,
      SYNAPSE_URL: synapse.url,
      MATRIX_SERVER_NAME: synapse.serverName,
      MATRIX_ACCESS_TOKEN: token,
      MATRIX_HS_TOKEN: registration.hs_token,
    };
  }
  /** `synapse bot` as an operator types it. */
  async function setUp(args: string[], { token = registration.as_token, input = '' } = {}) {
    const command = ['synapse', 'bot', ...args, '--json'];
    const { code, stdout, stderr } = await runCli(command, { input, env: settings(token) });
    if (code === 0) return JSON.parse(stdout);
    const { error } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
    return error as { code: string; message: string };
  }
  async function examine(token?: string): Promise<Record<string, Finding | undefined>> {
    const { stdout } = await runCli(['doctor', '--json'], { env: settings(token) });
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    return Object.fromEntries(findings.map((finding) => [finding.name, finding]));
  }
  const promote = (admin: boolean) =>
    platform.synapse.admin('PUT', `/_synapse/admin/v2/users/${bot}`, { admin });
  const asPerson = (path: string, body: object, method = 'POST') =>
    fetch(`${platform.synapse.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${platform.synapse.adminToken}` },
      body: JSON.stringify(body),
    });

  test('is made by the command: a server admin with a name', async () => {
    const user = await platform.synapse.admin<Record<string, unknown>>(
      'GET',
      `/_synapse/admin/v2/users/${bot}`,
    );
    assert.partialDeepStrictEqual(user, {
      displayname: 'OpenMeet',
      admin: true,
      appservice_id: 'openmeet-id',
    });
  });

  test('the command can be repeated, to give it another name', async () => {
    const again = await setUp(['--name', 'Rooms', '--avatar', 'docs/screenshots/chooser.png']);
    assert.partialDeepStrictEqual(again, { userId: bot, registered: false, promoted: false });
    const profile = await fetch(`${platform.synapse.url}/_matrix/client/v3/profile/${bot}`);
    const { displayname, avatar_url: avatar } = (await profile.json()) as Record<string, string>;
    assert.equal(displayname, 'Rooms');
    assert.match(avatar ?? '', /^mxc:\/\/matrix\.example\//);
    assert.equal((await setUp(['--avatar', 'package.json'])).code, 'picture_invalid');
  });

  test('says that it lost its power, and gets it back by an admin’s token', async () => {
    await promote(false);
    const refused = await setUp([]);
    assert.equal(refused.code, 'bot_not_admin');
    assert.match(refused.message, /--admin-token-file/);
    const strange = await setUp(['--admin-token-file', '-'], { input: 'not-a-token\n' });
    assert.equal(strange.code, 'admin_token_invalid');
    const input = `${platform.synapse.adminToken}\n`;
    const back = await setUp(['--admin-token-file', '-'], { input });
    assert.partialDeepStrictEqual(back, { userId: bot, promoted: true });
  });

  test('says that Synapse does not know its token, or knows it as another’s', async () => {
    assert.equal((await setUp([], { token: 'unknown' })).code, 'appservice_unknown');
    const admin = await setUp([], { token: platform.synapse.adminToken });
    assert.equal(admin.code, 'appservice_unknown');
  });

  test('nobody else can have its name or an alias like those of its rooms', async () => {
    const { available } = await platform.service.cli<{ available: boolean }>(
      ...['handles', 'check', 'openmeet-bot'],
    );
    assert.equal(available, false);
    const room = await (await asPerson('/_matrix/client/v3/createRoom', {})).json();
    const alias = encodeURIComponent('#event-acme-party:matrix.example');
    const answer = await asPerson(
      `/_matrix/client/v3/directory/room/${alias}`,
      { room_id: (room as { room_id: string }).room_id },
      'PUT',
    );
    assert.equal(answer.status, 400);
    assert.equal(((await answer.json()) as { errcode: string }).errcode, 'M_EXCLUSIVE');
  });

  test('people keep every other name, also one that begins like the bot’s', async () => {
    for (const name of ['openmeet-bottle', 'event-manager', 'x-openmeet-bot']) {
      const user = `/_synapse/admin/v2/users/@${name}:matrix.example`;
      const made = await asPerson(user, {}, 'PUT');
      assert.equal(made.status, 201, name);
    }
  });

  test('the doctor finds that Synapse reaches us, as which user, and with what power', async () => {
    const healthy = await examine();
    assert.equal(healthy['synapse token']?.status, 'ok');
    assert.equal(healthy.bot?.status, 'ok', healthy.bot?.message);
    const asAdmin = await examine(platform.synapse.adminToken);
    assert.equal(asAdmin.bot?.status, 'fail');
    assert.match(asAdmin.bot?.message ?? '', /not @openmeet-bot:matrix\.example's/);
    await promote(false);
    const powerless = await examine();
    assert.match(powerless['synapse token']?.message ?? '', /is no server admin/);
    await promote(true);
  });

  test('the doctor finds that we refuse Synapse, or that it does not reach us', async () => {
    const { service } = platform;
    service.configure({ MATRIX_HS_TOKEN: 'another' });
    await service.kill('SIGTERM');
    assert.match((await examine()).bot?.message ?? '', /cannot reach the url/);
    await service.restart();
    const refused = await examine();
    assert.equal(refused.bot?.status, 'fail');
    assert.match(refused.bot?.mend ?? '', /MATRIX_HS_TOKEN/);
  });
});
