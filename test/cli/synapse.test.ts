import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { parse } from 'yaml';
import type { FoundClient } from '../../src/clients/find.ts';
import type { SignInSettings } from '../../src/matrix/provider-block.ts';
import { useTerminal } from './terminal.ts';

describe('synapse', () => {
  const terminal = useTerminal();

  test('the printed settings hold this service’s real values, as YAML and as JSON', async () => {
    const settings = await terminal.json<SignInSettings>(
      ...['synapse', 'config', '--web-client', 'https://chat.example'],
    );
    const [block] = settings.oidc_providers;
    assert.partialDeepStrictEqual(block, {
      idp_id: 'openmeet',
      idp_name: 'OpenMeet',
      issuer: 'http://127.0.0.1:3000/oidc',
      client_id: 'matrix_synapse',
    });
    assert.match(String(block?.client_secret), /^[\w-]{43}$/);
    assert.deepEqual(settings.sso.client_whitelist, ['https://chat.example/']);
    const { stdout } = await terminal.run([
      'synapse',
      'config',
      '--web-client',
      'https://chat.example',
    ]);
    assert.deepEqual(parse(stdout), settings);
    assert.match(stdout, /^ +# /m, 'with remarks');
  });

  test('each homeserver client has a block, named after the only tenant it serves', async () => {
    await terminal.json(
      'tenants',
      'add',
      '--slug',
      'acme',
      '--name',
      'Acme',
      '--brand-name',
      'Acme!',
    );
    await terminal.json(
      ...['clients', 'add', '--id', 'synapse_acme', '--idp-id', 'acme', '--tenant', 'acme'],
      ...['--redirect-uri', 'https://matrix.example/_synapse/client/oidc/callback'],
    );
    const { stdout, stderr } = await terminal.run(['synapse', 'config', '--json']);
    const { oidc_providers: blocks } = JSON.parse(stdout) as SignInSettings;
    assert.deepEqual(
      blocks.map(({ idp_id, idp_name }) => [idp_id, idp_name]),
      [
        ['openmeet', 'OpenMeet'],
        ['acme', 'Acme!'],
      ],
    );
    assert.match(stderr, /clients rotate-secret synapse_acme/, 'that secret is not kept anywhere');
    const only = await terminal.json<SignInSettings>(
      ...['synapse', 'config', '--client', 'synapse_acme', '--secret-path', '/run/secrets/acme'],
    );
    assert.deepEqual(
      only.oidc_providers.map((it) => it.client_secret_path),
      ['/run/secrets/acme'],
    );
  });

  test('a rotated secret is the one that is printed', async () => {
    const { secret } = await terminal.json<{ secret: string }>(
      ...['clients', 'rotate-secret', 'matrix_synapse'],
    );
    const { oidc_providers: blocks } = await terminal.json<SignInSettings>(
      ...['synapse', 'config', '--client', 'matrix_synapse'],
    );
    assert.deepEqual(
      blocks.map((it) => it.client_secret),
      [secret],
    );
  });

  test('a client learns where its homeserver is', async () => {
    const connected = await terminal.json<FoundClient>(
      ...[
        'synapse',
        'connect',
        '--public-url',
        'https://m.example',
        '--url',
        'http://synapse:8008',
      ],
    );
    assert.deepEqual(connected.redirectUris, ['https://m.example/_synapse/client/oidc/callback']);
    assert.equal(
      connected.backchannelLogoutUri,
      'http://synapse:8008/_synapse/client/oidc/backchannel_logout',
    );
    const insecure = ['synapse', 'connect', '--public-url', 'http://m.example'];
    assert.equal((await terminal.failure(insecure)).code, 'redirect_uri_invalid');
    const account = ['synapse', 'connect', '--client', 'openmeet_account'];
    assert.equal((await terminal.failure(account)).code, 'client_without_idp_id');
  });
});
