import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { newVisitor } from './application.ts';
import { openWorld, type World } from './world.ts';

type Metadata = Record<string, string | string[] | boolean>;

describe('discovery', () => {
  let world: World;
  let metadata: Metadata;
  const read = async (path: string) => {
    const answer = await fetch(`${world.url}${path}`);
    assert.equal(answer.status, 200);
    assert.match(String(answer.headers.get('content-type')), /^application\/(jwk-set\+)?json/);
    return (await answer.json()) as Metadata;
  };
  beforeAll(async () => {
    world = await openWorld();
    metadata = await read('/oidc/.well-known/openid-configuration');
  });
  afterAll(() => world.close());

  test('is served at the place of OpenID Connect and at that of RFC 8414', async () => {
    assert.deepEqual(await read('/.well-known/oauth-authorization-server/oidc'), metadata);
  });

  test('names the configured issuer, and every endpoint below it', () => {
    assert.equal(metadata.issuer, world.issuer);
    const endpoints = {
      authorization_endpoint: '/auth',
      token_endpoint: '/token',
      userinfo_endpoint: '/userinfo',
      jwks_uri: '/jwks',
      introspection_endpoint: '/introspection',
      revocation_endpoint: '/revocation',
      end_session_endpoint: '/session/end',
      pushed_authorization_request_endpoint: '/par',
      device_authorization_endpoint: '/device/auth',
    };
    for (const [name, path] of Object.entries(endpoints)) {
      assert.equal(metadata[name], `${world.issuer}${path}`);
    }
  });

  test('promises what we do and nothing else', () => {
    assert.deepEqual(metadata.response_types_supported, ['code']);
    assert.deepEqual(metadata.code_challenge_methods_supported, ['S256']);
    assert.deepEqual(metadata.subject_types_supported, ['public']);
    const algorithms = metadata.id_token_signing_alg_values_supported as string[];
    assert.deepEqual(algorithms.toSorted(), ['ES256', 'RS256']);
    assert.equal(metadata.request_parameter_supported, true);
    const signing = metadata.request_object_signing_alg_values_supported as string[];
    assert.ok(signing.includes('ES256') && !signing.some((alg) => /^(none|HS)/.test(alg)));
    assert.equal(metadata.authorization_response_iss_parameter_supported, true);
    assert.equal(metadata.backchannel_logout_supported, true);
    assert.equal(metadata.backchannel_logout_session_supported, true);
    assert.deepEqual(new Set(metadata.scopes_supported as string[]), new Set(scopes));
    assert.deepEqual(new Set(metadata.prompt_values_supported as string[]), new Set(prompts));
    assert.deepEqual(new Set(metadata.grant_types_supported as string[]), new Set(grants));
    for (const method of ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']) {
      assert.ok((metadata.token_endpoint_auth_methods_supported as string[]).includes(method));
    }
    for (const missing of ['registration_endpoint', 'request_uri_parameter_supported']) {
      assert.ok(!metadata[missing], `${missing} is not offered`);
    }
  });

  test('lists every claim of every scope', () => {
    const supported = metadata.claims_supported as string[];
    for (const claim of claims) assert.ok(supported.includes(claim), claim);
  });

  test('publishes public keys only', async () => {
    const { keys } = (await read('/oidc/jwks')) as unknown as { keys: Record<string, string>[] };
    assert.deepEqual(new Set(keys.map(({ alg }) => alg)), new Set(['RS256', 'ES256']));
    for (const key of keys) {
      assert.equal(key.use, 'sig');
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.ok(!(secret in key));
    }
  });

  test('answers unknown paths below the issuer with 404, not with a fault', async () => {
    for (const path of ['/oidc/nothing', '/oidc/reg', '/oidc/.well-known/', '/oidc/jwks/1']) {
      assert.equal((await newVisitor().fetch(`${world.url}${path}`)).status, 404);
    }
  });
});

const scopes = ['openid', 'profile', 'email', 'tenant', 'offline_access'];
const prompts = ['none', 'login', 'consent', 'select_account', 'create'];
const grants = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
];
const claims = [
  ...['sub', 'name', 'email', 'email_verified', 'picture', 'locale', 'preferred_username'],
  ...['matrix_handle', 'tenant_id', 'tenant_domain', 'auth_time', 'acr', 'amr', 'iss', 'sid'],
];
