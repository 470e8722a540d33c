import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Finding } from '../../../src/doctor/finding.ts';
import { runCli } from '../../cli/terminal.ts';
import { freePorts } from '../../support/ports.ts';
import { type Service, startService } from '../../support/service.ts';
import { until } from '../../support/until.ts';

const secret = 'the-secret-that-synapse-should-have-had';
const wrong = 'the-secret-of-before-that-synapse-kept';

describe('an operator is told', () => {
  let service: Service;
  let homeserver: Server;
  let synapseUrl: string;
  /** What the stand-in for Synapse answers, by path. */
  const answers: Record<string, object> = {
    '/_matrix/client/versions': { versions: ['v1.11'] },
    '/_matrix/client/v3/login': { flows: [] },
    '/_matrix/client/v3/account/whoami': { user_id: '@openmeet-bot:matrix.example' },
    '/_synapse/admin/v1/server_version': { server_version: '1.163' },
  };

  beforeAll(async () => {
    homeserver = createServer((request, response) => {
      const answer = answers[request.url ?? ''];
      response.writeHead(answer ? 200 : 403, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? { errcode: 'M_FORBIDDEN', error: 'Not an admin' }));
    }).listen(0, '127.0.0.1');
    await once(homeserver, 'listening');
    synapseUrl = `http://127.0.0.1:${(homeserver.address() as AddressInfo).port}`;
    service = await startService({ env: { SYNAPSE_URL: synapseUrl } });
    await service.cli('clients', 'rotate-secret', 'matrix_synapse', '--secret', secret);
  });
  afterAll(async () => {
    await service.stop();
    homeserver.close();
  });

  async function doctor(changed: Record<string, string> = {}) {
    const { DATABASE_URL, DATA_DIR, PUBLIC_URL } = {
      DATABASE_URL: service.databaseUrl,
      DATA_DIR: service.dataDir,
      PUBLIC_URL: service.url,
    };
    const env = { NODE_ENV: 'test', DATABASE_URL, DATA_DIR, PUBLIC_URL, SYNAPSE_URL: synapseUrl };
    const { stdout } = await runCli(['doctor', '--json'], { env: { ...env, ...changed } });
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    return Object.assign((name: string) => findings.find((finding) => finding.name === name), {
      findings,
    });
  }

  const refusals = async () => (await doctor()).findings.map(({ message }) => message).join('\n');

  const askForToken = (given: string, client = 'matrix_synapse') =>
    fetch(`${service.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${client}:${given}`)}` },
      body: new URLSearchParams({ grant_type: 'authorization_code', code: 'x' }),
    });

  const warnings = () => service.logs().match(/^.*"msg":"client_refused".*$/gm) ?? [];

  test('that a client has another secret: by the log, once in a while, without the secret', async () => {
    for (let count = 0; count < 5; count += 1) {
      assert.equal((await askForToken(wrong)).status, 401);
    }
    assert.equal((await askForToken(wrong, 'nobody')).status, 401);
    await until(() => warnings().length === 2, { what: 'two warnings' });
    const [own, other] = warnings().map((line) => JSON.parse(line));
    assert.equal(own.level, 'warn');
    assert.equal(own.refused.clientId, 'matrix_synapse');
    assert.match(own.refused.reason, /secret/);
    assert.equal(own.refused.address, '127.0.0.1');
    assert.deepEqual(
      [other.refused.clientId, other.refused.reason],
      ['nobody', 'client not found'],
    );
    assert.ok(!service.logs().includes(wrong));
  });

  test('and by the doctor: when, why and from where, until the client proves itself', async () => {
    const finding = (await doctor())('client secret');
    assert.equal(finding?.status, 'warn');
    assert.match(
      finding?.message ?? '',
      /matrix_synapse was refused at 20\d\d-.+Z, from 127\.0\.0\.1: invalid secret/,
    );
    assert.match(finding?.mend ?? '', /clients rotate-secret matrix_synapse/);
    await service.cli(
      ...['clients', 'add', '--id', 'events', '--secret', secret],
      ...['--grant', 'client_credentials', '--scope', 'handles:read', '--all-tenants'],
    );
    assert.equal((await askForToken(wrong, 'events')).status, 401);
    assert.match(await refusals(), /events was refused/);
    const token = await fetch(`${service.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`events:${secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'handles:read' }),
    });
    assert.equal(token.status, 200, await token.text());
    assert.doesNotMatch(await refusals(), /events was refused/);
    assert.match(await refusals(), /matrix_synapse was refused/);
  });

  test('of clients that there are not: of one in a while, however many somebody makes up', async () => {
    for (const name of ['made-up-1', 'made-up-2']) {
      assert.equal((await askForToken(wrong, name)).status, 401);
    }
    await service.cli(
      ...['clients', 'add', '--id', 'late', '--secret', secret],
      ...['--grant', 'client_credentials', '--scope', 'handles:read', '--all-tenants'],
    );
    assert.equal((await askForToken(wrong, 'late')).status, 401);
    await until(() => warnings().some((line) => line.includes('"late"')), { what: 'its warning' });
    assert.ok(!warnings().some((line) => line.includes('made-up')));
  });

  test('that the bot is no administrator, and how it becomes one', async () => {
    const finding = (await doctor({ MATRIX_ACCESS_TOKEN: 'x' }))('synapse token');
    assert.equal(finding?.status, 'fail');
    assert.match(finding?.message ?? '', /@openmeet-bot:matrix\.example is no server admin/);
    assert.match(finding?.mend ?? '', /synapse bot --admin-token-file/);
  });

  test('that SYNAPSE_PUBLIC_URL is wrong, not that a block is missing', async () => {
    const [port] = await freePorts(1);
    for (const url of [`http://127.0.0.1:${port}`, service.url]) {
      const found = await doctor({ SYNAPSE_PUBLIC_URL: url });
      assert.equal(found('synapse public url')?.status, 'fail');
      assert.match(found('synapse public url')?.mend ?? '', /^Set SYNAPSE_PUBLIC_URL, now /);
      assert.equal(found('provider block'), undefined);
    }
  });

  test('that smtps:// asks a port that begins in the clear', async () => {
    const server = createListener((socket) => {
      socket.on('error', () => {}).write('220 mail.example ESMTP\r\n');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const finding = (await doctor({ SMTP_URL: `smtps://bot:${wrong}@127.0.0.1:${port}` }))('mail');
    assert.equal(finding?.status, 'fail');
    assert.match(finding?.mend ?? '', /begins in the clear: write smtp:\/\/.+requireTLS=true/);
    assert.ok(!JSON.stringify(finding).includes(wrong));
    server.close();
  });

  test('nothing of checks of health, at the level of every day', async () => {
    for (const path of ['/health/live', '/health/ready', '/health/nothing']) {
      await fetch(service.url + path);
    }
    await until(() => service.logs().includes('"path":"/health/nothing"'), { what: 'a request' });
    assert.ok(!/"path":"\/health\/(live|ready)"/.test(service.logs()));
  });
});

test('a process of one role says which of its settings are hardly meant so', async () => {
  const synapse = { SYNAPSE_URL: 'http://127.0.0.1:9' };
  for (const [env, warning] of [
    [{ ...synapse, ROLE: 'web' }, /MATRIX_PROVISIONING is not set/],
    [{ ...synapse, ROLE: 'web', MATRIX_ACCESS_TOKEN: wrong }, /MATRIX_ACCESS_TOKEN is dropped/],
    [{ ...synapse, ROLE: 'worker' }, /MATRIX_ACCESS_TOKEN is not set/],
    [{ ...synapse, ROLE: 'web', MATRIX_PROVISIONING: 'on' }, undefined],
  ] as const) {
    const service = await startService({ env });
    try {
      await until(() => service.logs().includes('listens on'), { what: 'the end of the start' });
    } finally {
      await service.stop();
    }
    const said = /MATRIX_\w+ is \w+/.exec(service.logs());
    if (warning) assert.match(service.logs(), warning);
    else assert.equal(said, null);
  }
});

test('a start in production says in one line what runs where, and no secret', async () => {
  const key = randomBytes(32).toString('base64');
  const service = await startService({
    env: {
      NODE_ENV: 'production',
      ENCRYPTION_KEYS: key,
      SMTP_URL: `smtp://bot:${wrong}@127.0.0.1:9`,
      MAIL_FROM: 'OpenMeet <id@openmeet.example>',
      MATRIX_SERVER_NAME: 'matrix.openmeet.net',
      SYNAPSE_URL: 'http://127.0.0.1:9',
    },
  });
  try {
    const [line = '', ...others] = await until(
      () => service.logs().match(/^.*"msg":"started".*$/gm) ?? undefined,
      { what: 'the line of a start' },
    );
    assert.deepEqual(others, []);
    const { started } = JSON.parse(line);
    const { hostname, pathname } = new URL(service.databaseUrl);
    assert.match(started.version, /^\d+\.\d+\.\d+/);
    assert.equal(started.role, 'both');
    assert.equal(started.publicUrl, service.url);
    assert.match(started.listens, /^127\.0\.0\.1:\d+$/);
    assert.ok(started.database.includes(hostname) && started.database.endsWith(pathname));
    assert.equal(started.homeserver, 'http://127.0.0.1:9');
    for (const hidden of [new URL(service.databaseUrl).password, key, wrong]) {
      assert.ok(!service.logs().includes(hidden));
    }
  } finally {
    await service.stop();
  }
});
