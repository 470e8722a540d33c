import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { readJwks } from '../../src/cli/jwks-file.ts';
import type { Client } from '../../src/clients/clients.store.ts';
import { checkClient } from '../../src/clients/rules.ts';
import {
  checkBackchannelUri,
  checkHandoffOrigin,
  checkHandoffTarget,
  checkRedirectUri,
} from '../../src/clients/uris.ts';

const sound: Client = {
  id: 'chat',
  name: 'Chat',
  secretHash: null,
  tokenEndpointAuthMethod: 'client_secret_basic',
  redirectUris: ['https://chat.example/callback'],
  postLogoutRedirectUris: [],
  grantTypes: ['authorization_code', 'refresh_token'],
  scopes: ['openid', 'profile'],
  jwks: null,
  firstParty: false,
  pkceRequired: true,
  idTokenSignedResponseAlg: 'RS256',
  requirePushedAuthorizationRequests: false,
  dpopBoundAccessTokens: false,
  acr: null,
  backchannelLogoutUri: null,
  idpId: null,
  clientUri: null,
  logoUri: null,
  handoffOrigins: [],
  handoffTargets: [],
  allTenants: true,
  tenantIds: [],
  disabledAt: null,
};

const machine: Partial<Client> = {
  redirectUris: [],
  grantTypes: ['client_credentials'],
  scopes: ['accounts:read'],
};

describe('redirect URIs', () => {
  test('may be https, http on this machine, and for public clients a scheme of their own', () => {
    for (const uri of [
      'https://chat.example/callback?x=1',
      'http://localhost:8080/',
      'http://127.0.0.1/cb',
      'http://[::1]:9000/cb',
    ]) {
      checkRedirectUri(uri, { isPublic: false });
    }
    checkRedirectUri('org.example.chat:/callback', { isPublic: true });
  });

  test('may not lead anywhere else', () => {
    for (const uri of [
      '',
      '/callback',
      'https://*.example/callback',
      'https://chat.example/*',
      'https://chat.example/cb#fragment',
      'https://chat.example/cb#',
      'https://user@chat.example/cb',
      'https://chat.example/a b',
      'https://chat.example/\u202ecb',
      'http://chat.example/cb',
      'http://localhost.evil.example/cb',
      'http://127.0.0.1.evil.example/cb',
      'javascript:alert(1)',
      'data:text/html,x',
      'myapp:/cb',
    ]) {
      for (const isPublic of [true, false]) {
        assert.throws(() => checkRedirectUri(uri, { isPublic }), { code: 'redirect_uri_invalid' });
      }
    }
    assert.throws(() => checkRedirectUri('org.example.chat:/callback', { isPublic: false }));
  });

  test('logouts go to https on the internet, or to the homeserver', () => {
    const synapse = 'http://synapse:8008';
    checkBackchannelUri(`${synapse}/_synapse/client/oidc/backchannel_logout`, synapse);
    checkBackchannelUri('https://matrix.example/logout', undefined);
    for (const uri of [
      'http://metadata.internal/',
      'http://chat.example/logout',
      'http://127.0.0.1:8080/logout',
      'https://127.0.0.1/logout',
      'https://[::ffff:10.0.0.1]/logout',
      'https://169.254.169.254/logout',
      'https://user:password@chat.example/logout',
      'https://chat.example/logout#here',
      'http://synapse:8009/logout',
    ]) {
      assert.throws(() => checkBackchannelUri(uri, synapse), { code: 'backchannel_uri_invalid' });
    }
  });
});

describe('the addresses of a hand-off', () => {
  test('are origins to come from, and beginnings of addresses to end at', () => {
    for (const origin of ['https://events.example', 'http://localhost:8080']) {
      checkHandoffOrigin(origin);
      checkHandoffTarget(`${origin}/`);
      checkHandoffTarget(`${origin}/chat/`);
    }
  });

  test('are written as browsers write origins', () => {
    for (const origin of [
      'https://events.example/',
      'https://events.example/page',
      'https://EVENTS.example',
      'https://events.example:443',
      'https://user@events.example',
      'https://*.example',
      'http://events.example',
      'null',
      '',
    ]) {
      assert.throws(() => checkHandoffOrigin(origin), { code: 'handoff_origin_invalid' }, origin);
    }
  });

  test('leave no doubt where an address ends', () => {
    for (const target of [
      'https://chat.example',
      'https://chat.example/app',
      'https://chat.example/?x=/',
      'https://chat.example/#/',
      'https://chat.example/a/../b/',
      'https://user@chat.example/',
      'http://chat.example/',
      'javascript:/',
      '/',
    ]) {
      assert.throws(() => checkHandoffTarget(target), { code: 'handoff_target_invalid' }, target);
    }
  });
});

describe('a client', () => {
  test('can be what applications and platforms need', () => {
    checkClient(sound, {});
    checkClient({ ...sound, ...machine }, { tenant: ['acme'] });
    checkClient({ ...sound, ...machine }, { allTenants: true });
    checkClient({ ...sound, tokenEndpointAuthMethod: 'none' }, {});
  });

  test('has an id that no account and no other actor can have', () => {
    for (const id of [
      '',
      'a',
      'two words',
      'a:b',
      'operator',
      'system',
      '0b9f3a52-1f0e-4c62-9a6e-d1f0c1a0a0b1',
      '0B9F3A521F0E4C629A6ED1F0C1A0A0B1',
    ]) {
      assert.throws(() => checkClient({ ...sound, id }, {}), { code: 'client_id_invalid' }, id);
    }
  });

  test('is refused when its parts do not fit together', () => {
    const misfits: [string, Partial<Client>, Parameters<typeof checkClient>[1]?][] = [
      ['no redirect URI', { redirectUris: [] }],
      ['an unknown grant', { grantTypes: ['password'] }],
      ['the implicit grant', { grantTypes: ['authorization_code', 'implicit'] }],
      ['internal scopes for people', { scopes: ['openid', 'accounts:read'] }],
      ['unknown scopes', { scopes: ['openid', 'admin'] }],
      ['no openid', { scopes: ['profile'] }],
      ['credentials for nobody said whom', machine, {}],
      ['credentials without a scope', { ...machine, scopes: [] }, { allTenants: true }],
      ['credentials for people', { ...machine, scopes: ['openid'] }, { allTenants: true }],
      [
        'credentials of a public client',
        { ...machine, tokenEndpointAuthMethod: 'none' },
        { allTenants: true },
      ],
      ['both all and one', {}, { tenant: ['acme'], allTenants: true }],
      ['a public client without PKCE', { tokenEndpointAuthMethod: 'none', pkceRequired: false }],
      ['a secret for a public client', { tokenEndpointAuthMethod: 'none' }, { secret: 'x' }],
      ['private_key_jwt without keys', { tokenEndpointAuthMethod: 'private_key_jwt' }],
      ['keys that sign nothing', { ...machine, jwks: { keys: [{}] } }, { allTenants: true }],
      ['a block that Synapse cannot use', { idpId: 'x', tokenEndpointAuthMethod: 'none' }],
      ['an idp_id that Synapse refuses', { idpId: 'Ä' }],
    ];
    for (const [what, part, asked = {}] of misfits) {
      assert.throws(
        () => checkClient({ ...sound, ...part }, asked),
        { code: 'client_invalid' },
        what,
      );
    }
  });

  test('may have keys to sign its requests by, however it proves itself', () => {
    for (const tokenEndpointAuthMethod of ['client_secret_basic', 'none'] as const) {
      checkClient({ ...sound, tokenEndpointAuthMethod, jwks: { keys: [{}] } }, {});
    }
  });

  test('gives public keys only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'openmeet-id-jwks-'));
    const file = join(folder, 'jwks.json');
    const read = async (content: string) => {
      await writeFile(file, content);
      return readJwks(file);
    };
    const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };
    assert.deepEqual(await read(JSON.stringify({ keys: [key] })), { keys: [key] });
    const wrong = ['{', '{}', '{"keys":[]}', '{"keys":[{"kty":"oct","k":"secret"}]}'];
    for (const content of [...wrong, JSON.stringify({ keys: [{ ...key, d: 'private' }] })]) {
      await assert.rejects(read(content), { code: 'jwks_invalid' });
    }
    await rm(folder, { recursive: true });
    assert.throws(() => readJwks(file), { code: 'file_unreadable' });
  });
});
