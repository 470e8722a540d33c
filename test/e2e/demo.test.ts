import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type RunningProcess, startProcess } from '../../synapse/process.ts';
import { Visitor } from '../support/forms.ts';
import { codeIn } from '../support/mail.ts';
import { openMailbox } from '../support/mailbox.ts';
import { freePorts } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { signInDevice } from './matrix.ts';

describe('the demo', { timeout: 120_000 }, () => {
  let directory: string;
  let demo: RunningProcess;
  let homeserver: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'openmeet-demo-'));
    const [port, synapsePort] = await freePorts(2);
    homeserver = `http://127.0.0.1:${synapsePort}`;
    const env = { PORT: `${port}`, SYNAPSE_PORT: `${synapsePort}`, DEMO_DIR: directory };
    demo = startProcess(process.execPath, ['synapse/demo.ts'], { env });
    const explained = () => demo.ended() || demo.logs().includes('Ctrl-C stops both');
    await until(explained, { what: 'the demo', timeout: 60_000 });
  });
  afterAll(async () => {
    await demo?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test('says where the homeserver is, and lets a Matrix client sign up there', async () => {
    assert.match(demo.logs(), new RegExp(`${homeserver}\\n`));
    const app = 'http://127.0.0.1:1/chat';
    const visitor = new Visitor({ stopAt: ({ href }) => href.startsWith(app) });
    const query = new URLSearchParams({ redirectUrl: app });
    const signIn = await visitor.open(
      `${homeserver}/_matrix/client/v3/login/sso/redirect?${query}`,
    );
    const signUp = await visitor.click(signIn, 'Create an account');
    const code = await visitor.submit(signUp, { email: 'ann@example.org' });
    const mail = await openMailbox(join(directory, 'service')).waitForMail('ann@example.org');
    assert.ok(demo.logs().includes(codeIn(mail)), 'the code appears where the demo was started');
    const profile = await visitor.submit(code, { code: codeIn(mail) });
    const password = await visitor.submit(profile, { name: 'Ann', handle: 'ann' });
    const asked = await visitor.submit(password, {}, { button: /I’ll use codes/ });
    const end = asked.link('Continue');
    const device = await signInDevice(homeserver, end.searchParams.get('loginToken') ?? '');
    assert.equal(device.userId, '@ann:demo.localhost');
  });

  test('has a bot that is told what happens in rooms', async () => {
    const tokens = JSON.parse(await readFile(join(directory, 'service/bot-tokens.json'), 'utf8'));
    const ping = await fetch(`${homeserver}/_matrix/client/v1/appservice/openmeet-id/ping`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens.MATRIX_ACCESS_TOKEN}` },
      body: '{}',
    });
    assert.equal(ping.status, 200, await ping.text());
  });

  test('stops both when it is interrupted', async () => {
    await demo.kill('SIGINT');
    assert.match(demo.logs(), /Stopping/);
    await assert.rejects(fetch(homeserver));
  });
});
