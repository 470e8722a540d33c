import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Finding } from '../../src/doctor/finding.ts';
import { type Service, startService } from '../support/service.ts';
import { runCli } from './terminal.ts';

describe('doctor', () => {
  let service: Service;
  let homeserver: Server;
  let synapseUrl: string;
  /** Where the homeserver sends people who press the button. */
  let authorization: URL;

  beforeAll(async () => {
    homeserver = createServer((request, response) => {
      if (request.url?.startsWith('/_matrix/client/v3/login/sso/redirect/oidc-openmeet?')) {
        response.writeHead(302, { location: authorization.href }).end();
      } else response.end(JSON.stringify(answers[request.url ?? ''] ?? {}));
    });
    await new Promise<void>((resolve) => homeserver.listen(0, '127.0.0.1', resolve));
    synapseUrl = `http://127.0.0.1:${(homeserver.address() as AddressInfo).port}`;
    service = await startService({ env: { SYNAPSE_URL: synapseUrl } });
    authorization = asked();
  });

  afterAll(async () => {
    await service.stop();
    homeserver.close();
  });

  const answers: Record<string, object> = {
    '/_matrix/client/versions': { versions: ['v1.11'] },
    '/_matrix/client/v3/login': {
      flows: [{ type: 'm.login.sso', identity_providers: [{ id: 'oidc-openmeet', name: 'O' }] }],
    },
  };

  function asked(changed: Record<string, string> = {}): URL {
    const url = new URL(`${service.issuer}/auth`);
    url.search = new URLSearchParams({
      client_id: 'matrix_synapse',
      redirect_uri: `${synapseUrl}/_synapse/client/oidc/callback`,
      code_challenge: 'x',
      ...changed,
    }).toString();
    return url;
  }

  async function examine(changed: Record<string, string> = {}) {
    const { code, stdout } = await runCli(['doctor', '--json'], {
      env: {
        NODE_ENV: 'test',
        PUBLIC_URL: service.url,
        DATA_DIR: service.dataDir,
        DATABASE_URL: service.databaseUrl,
        SYNAPSE_URL: synapseUrl,
        ...changed,
      },
    });
    const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
    assert.equal(code, ok ? 0 : 1);
    for (const { status, mend } of findings) assert.equal(Boolean(mend), status !== 'ok');
    const of = (name: string) => findings.find((finding) => finding.name === name);
    return { ok, of, failed: findings.filter(({ status }) => status === 'fail') };
  }

  test('finds nothing wrong where nothing is', async () => {
    const { ok, of, failed } = await examine();
    assert.deepEqual(failed, []);
    assert.ok(ok);
    for (const name of [
      'database',
      'clock',
      'encryption keys',
      'issuer',
      'jwks',
      'worker',
      'mail',
    ]) {
      assert.equal(of(name)?.status, 'ok', name);
    }
    assert.equal(of('provider block')?.status, 'ok');
    assert.equal(of('synapse token')?.status, 'warn', 'nothing can be provisioned from here');
  });

  test('says which of Synapse’s settings does not fit', async () => {
    authorization = asked({ redirect_uri: 'https://elsewhere.example/' });
    const { of } = await examine();
    assert.match(of('provider block')?.message ?? '', /wants people back at https:\/\/elsewhere/);
    authorization = new URL('https://another-provider.example/auth');
    const other = await examine();
    assert.match(other.of('provider block')?.message ?? '', /does not send people to/);
    authorization = asked();
  });

  test('says what cannot be reached, and goes on with the rest', async () => {
    const { failed, of } = await examine({
      SMTP_URL: 'smtp://127.0.0.1:1',
      SYNAPSE_URL: 'http://127.0.0.1:1',
      PUBLIC_URL: 'http://127.0.0.1:1',
    });
    assert.deepEqual(failed.map(({ name }) => name).sort(), ['issuer', 'mail', 'synapse']);
    assert.match(of('mail')?.message ?? '', /ECONNREFUSED/);
  });

  test('says that settings are wrong, or that a database is not there', async () => {
    const misspelt = await examine({ PUBLC_URL: 'x' });
    assert.deepEqual(
      misspelt.failed.map(({ name }) => name),
      ['configuration'],
    );
    const absent = await examine({ DATABASE_URL: 'postgres://x:y@127.0.0.1:1/x' });
    assert.deepEqual(
      absent.failed.map(({ name }) => name),
      ['database'],
    );
  });

  test('says that the keys of an installation were lost', async () => {
    const { of } = await examine({ ENCRYPTION_KEYS: Buffer.alloc(32, 'lost').toString('base64') });
    assert.equal(of('encryption keys')?.status, 'fail');
    assert.match(of('encryption keys')?.mend ?? '', /ENCRYPTION_KEYS/);
  });

  test('says that no worker is alive, and shows people how to mend it', async () => {
    await service.kill('SIGTERM');
    const { stdout, code } = await runCli(['doctor'], {
      env: {
        DATA_DIR: service.dataDir,
        DATABASE_URL: service.databaseUrl,
        PUBLIC_URL: service.url,
      },
    });
    assert.equal(code, 1);
    assert.match(stdout, /^fail {2}worker +None is alive.*\n +Start a process/m);
    assert.match(stdout, /^ok {4}database +Reached/m);
  });
});
