import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import type { SettingName } from '../../src/config/environment.ts';
import { directory, key, problemsOf, production } from './settings.ts';

describe('production', () => {
  test('starts with all it needs', () => {
    assert.equal(loadConfig(production).production, true);
  });

  test('says everything that is missing in one message', () => {
    const problems = problemsOf({ NODE_ENV: 'production', DATA_DIR: directory });
    const names = [
      'PUBLIC_URL',
      'DATABASE_URL',
      'ENCRYPTION_KEYS',
      'SMTP_URL',
      'MAIL_FROM',
      'MATRIX_SERVER_NAME',
    ];
    assert.deepEqual(
      problems.map((problem) => problem.split(' ')[0]),
      names,
    );
    assert.ok(problems.every((problem) => problem.includes('is missing')));
  });

  const repeated = Buffer.from(key, 'base64').toString('hex', 0, 8);
  const weak: [says: string, env: Partial<Record<SettingName, string>>][] = [
    ['a key of zeros', { ENCRYPTION_KEYS: Buffer.alloc(32).toString('base64') }],
    [
      'a key that counts',
      { ENCRYPTION_KEYS: Buffer.from([...Array(32).keys()]).toString('base64') },
    ],
    [
      'a key that repeats',
      { ENCRYPTION_KEYS: Buffer.from(repeated.repeat(4), 'hex').toString('base64') },
    ],
    [
      'a key that was typed',
      { ENCRYPTION_KEYS: Buffer.from('correct horse battery staple 123').toString('base64') },
    ],
    ['an old weak key', { ENCRYPTION_KEYS: `${key},${Buffer.alloc(32).toString('base64')}` }],
    ['mail in the clear', { SMTP_URL: 'smtp://mail.openmeet.test:587' }],
    ['plain http', { PUBLIC_URL: 'http://id.openmeet.test' }],
    ['plain http to the homeserver', { SYNAPSE_PUBLIC_URL: 'http://matrix.openmeet.test' }],
    ['plain http to a name that only looks local', { PUBLIC_URL: 'http://127.0.0.1.evil.test' }],
    ['the example server name', { MATRIX_SERVER_NAME: 'matrix.example' }],
    ['trust in every proxy', { TRUSTED_PROXIES: '10.0.0.0/8,0.0.0.0/0' }],
    ['cheap hashes', { PASSWORD_HASH_MEMORY_KIB: '1024' }],
    ['a short metrics token', { METRICS_TOKEN: 'metrics' }],
    ['a short token of Synapse', { MATRIX_HS_TOKEN: 'secret' }],
  ];
  for (const [says, env] of weak) {
    test(`refuses ${says}`, () => {
      const problems = problemsOf({ ...production, ...env });
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.ok(problems[0]?.startsWith(Object.keys(env)[0] ?? '?'), problems[0]);
    });
  }

  test('allows plain http on loopback', () => {
    for (const host of ['localhost:3000', '127.0.0.1:3000', '[::1]']) {
      assert.deepEqual(problemsOf({ ...production, PUBLIC_URL: `http://${host}` }), []);
    }
  });

  test('accepts a thousand random keys', () => {
    const ring = Array.from({ length: 1000 }, () => randomBytes(32).toString('base64')).join(',');
    assert.deepEqual(problemsOf({ ...production, ENCRYPTION_KEYS: ring }), []);
  });
});

test('no secret is in the message', () => {
  const secret = 'hunter2-never-shown';
  const names = ['DATABASE_URL', 'ENCRYPTION_KEYS', 'SMTP_URL', 'METRICS_TOKEN', 'PUBLIC_URL'];
  const env = Object.fromEntries(names.map((name) => [name, secret]));
  const error = new ConfigError(problemsOf({ ...production, ...env, DATABASE_URI: secret }));
  assert.ok(error.problems.length >= 5);
  assert.ok(!error.message.includes(secret));
});
