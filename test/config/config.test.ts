import assert from 'node:assert/strict';
import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { type Config, loadConfig } from '../../src/config/config.ts';
import { development, directory, file, key, problemsOf } from './settings.ts';

describe('a value', () => {
  type Read = [
    says: string,
    env: NodeJS.ProcessEnv,
    read: (config: Config) => unknown,
    want: unknown,
  ];
  const cases: Read[] = [
    ['the address follows the port', { PORT: '4000' }, (c) => c.publicUrl, 'http://127.0.0.1:4000'],
    [
      'the address follows a host of localhost',
      { HOST: 'localhost' },
      (c) => c.publicUrl,
      'http://localhost:3000',
    ],
    [
      'the address of all interfaces is loopback',
      { HOST: '0.0.0.0' },
      (c) => c.publicUrl,
      'http://127.0.0.1:3000',
    ],
    [
      'the issuer is under the public address',
      { PUBLIC_URL: 'https://id.test/' },
      (c) => c.issuer,
      'https://id.test/oidc',
    ],
    ['an empty variable counts as not given', { PORT: '' }, (c) => c.port, 3000],
    [
      'a single trusted proxy is a network of one',
      { TRUSTED_PROXIES: '10.0.0.1, fd00::/8' },
      (c) => c.trustedProxies,
      ['10.0.0.1/32', 'fd00::/8'],
    ],
    [
      "reserved words are folded, and the bot's name is one",
      { HANDLE_RESERVED_WORDS: 'Acme, staff', MATRIX_BOT_LOCALPART: 'helper' },
      (c) => c.handles.reservedWords,
      ['acme', 'staff', 'helper'],
    ],
    [
      'reserved patterns may hold commas',
      { HANDLE_RESERVED_PATTERNS: '^a{2,3}$ bot$' },
      (c) => c.handles.reservedPatterns,
      ['^a{2,3}$', 'bot$'],
    ],
    [
      'browsers reach Synapse where we do unless told otherwise',
      { SYNAPSE_URL: 'http://127.0.0.1:8008' },
      (c) => c.matrix.synapsePublicUrl,
      'http://127.0.0.1:8008',
    ],
    [
      'a collector may have a path, and no slash at its end',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.test/tenant/' },
      (c) => c.tracesUrl,
      'https://otel.test/tenant',
    ],
    [
      'a secret comes from a file without its last line break',
      { METRICS_TOKEN_FILE: file(' t o k \r\n') },
      (c) => c.metricsToken,
      't o k',
    ],
    [
      'several keys keep their order',
      { ENCRYPTION_KEYS: `${key},${Buffer.alloc(32, 1).toString('base64url')}` },
      (c) => c.encryptionKeys[0]?.toString('base64'),
      key,
    ],
    [
      'the worker holds the token',
      { MATRIX_ACCESS_TOKEN: 'syt', SYNAPSE_URL: 'http://s:8008', ROLE: 'worker' },
      (c) => c.matrix.accessToken,
      'syt',
    ],
    [
      'the web role never holds the token',
      { MATRIX_ACCESS_TOKEN: 'syt', SYNAPSE_URL: 'http://s:8008', ROLE: 'web' },
      (c) => 'accessToken' in c.matrix,
      false,
    ],
  ];
  for (const [says, env, read, want] of cases) {
    test(says, () => assert.deepEqual(read(loadConfig({ ...development, ...env })), want));
  }
});

describe('a mistake stops the start:', () => {
  const cases: [says: string, env: NodeJS.ProcessEnv, problem: RegExp][] = [
    ['a port that is no number', { PORT: '30a' }, /^PORT must be a whole number from 1 to 65535/],
    ['a port out of range', { PORT: '65536' }, /^PORT must/],
    ['a public address with a path', { PUBLIC_URL: 'https://id.test/sso' }, /^PUBLIC_URL must/],
    ['a public address with a user name', { PUBLIC_URL: 'https://a@id.test' }, /^PUBLIC_URL must/],
    [
      'a public address with an empty query',
      { PUBLIC_URL: 'https://id.test/?' },
      /^PUBLIC_URL must/,
    ],
    [
      'a public address that is no web address',
      { PUBLIC_URL: 'ftp://id.test' },
      /^PUBLIC_URL must/,
    ],
    ['another database', { DATABASE_URL: 'mysql://db/x' }, /^DATABASE_URL must/],
    [
      'a collector with a password',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://a:b@otel.test' },
      /^OTEL_EXPORTER_OTLP_ENDPOINT must be .* without user name/,
    ],
    ['a mail server that is no address', { SMTP_URL: 'mail.test:25' }, /^SMTP_URL must/],
    ['two senders', { MAIL_FROM: 'a@b.test, c@d.test' }, /^MAIL_FROM must be one mailbox/],
    ['a sender with a line break', { MAIL_FROM: 'a\nBcc: <c@d.test>' }, /^MAIL_FROM must/],
    [
      'a server name that is an address',
      { MATRIX_SERVER_NAME: 'https://m.test' },
      /^MATRIX_SERVER_NAME must/,
    ],
    [
      'a server name too long for handles',
      { MATRIX_SERVER_NAME: 'a'.repeat(231) },
      /^MATRIX_SERVER_NAME must/,
    ],
    [
      'a short key',
      { ENCRYPTION_KEYS: 'c2hvcnQ=' },
      /^ENCRYPTION_KEYS must be one or more keys of 32 bytes/,
    ],
    ['a bad key after a good one', { ENCRYPTION_KEYS: `${key},x` }, /^ENCRYPTION_KEYS must/],
    [
      'a key with stray characters',
      { ENCRYPTION_KEYS: `${key.slice(0, 20)}!${key.slice(21)}` },
      /^ENCRYPTION_KEYS must/,
    ],
    ['a proxy that is a name', { TRUSTED_PROXIES: 'proxy.test' }, /^TRUSTED_PROXIES must/],
    [
      'a pattern that does not compile',
      { HANDLE_RESERVED_PATTERNS: 'a(' },
      /^HANDLE_RESERVED_PATTERNS must/,
    ],
    [
      'a misspelled environment',
      { NODE_ENV: 'prodution' },
      /^NODE_ENV must be one of development, test, production/,
    ],
    ['an unknown role', { ROLE: 'queue' }, /^ROLE must be one of web, worker, both/],
    [
      'a secret given twice',
      { SMTP_URL: 'smtp://a', SMTP_URL_FILE: '/x' },
      /^SMTP_URL and SMTP_URL_FILE are both given/,
    ],
    [
      'a secret file that is not there',
      { SMTP_URL_FILE: '/nowhere' },
      /^SMTP_URL_FILE names a file that cannot be read \(ENOENT\): \/nowhere/,
    ],
    [
      'a secret file that is empty',
      { SMTP_URL_FILE: file('\n') },
      /^SMTP_URL_FILE names an empty file/,
    ],
    [
      'half of a Google client',
      { GOOGLE_CLIENT_ID: 'x' },
      /^GOOGLE_CLIENT_ID needs GOOGLE_CLIENT_SECRET/,
    ],
    [
      'the other half',
      { GOOGLE_CLIENT_SECRET: 'x' },
      /^GOOGLE_CLIENT_SECRET needs GOOGLE_CLIENT_ID/,
    ],
    [
      'a token for no homeserver',
      { MATRIX_ACCESS_TOKEN: 'x' },
      /^MATRIX_ACCESS_TOKEN needs SYNAPSE_URL/,
    ],
    [
      'more lanes than memory',
      { PASSWORD_HASH_MEMORY_KIB: '8', PASSWORD_HASH_PARALLELISM: '2' },
      /8 times PASSWORD_HASH_PARALLELISM/,
    ],
  ];
  for (const [says, env, problem] of cases) {
    test(says, () => {
      const problems = problemsOf({ ...development, ...env });
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
    });
  }
});

test('the command line wins over the environment and its files', () => {
  const env = { ...development, ROLE: 'both', SMTP_URL_FILE: '/nowhere' };
  const config = loadConfig(env, { ROLE: 'worker', SMTP_URL: 'smtp://mail.test', PORT: undefined });
  assert.deepEqual(
    [config.role, config.smtpUrl, config.port],
    ['worker', 'smtp://mail.test', 3000],
  );
});

test('nothing in the configuration can be changed', () => {
  const config = loadConfig(development) as { -readonly [K in keyof Config]: Config[K] };
  assert.throws(() => {
    config.port = 1;
  }, TypeError);
  for (const value of Object.values(config)) {
    assert.ok(typeof value !== 'object' || Object.isFrozen(value));
  }
});

test('development makes a key once, for its owner only', () => {
  const dataDir = mkdtempSync(join(directory, 'first-'));
  const first = loadConfig({ DATA_DIR: dataDir }).encryptionKeys[0];
  const second = loadConfig({ DATA_DIR: dataDir }).encryptionKeys[0];
  assert.equal(first?.length, 32);
  assert.deepEqual(second, first);
  assert.equal(statSync(join(dataDir, 'secrets')).mode & 0o777, 0o700);
  assert.equal(statSync(join(dataDir, 'secrets/encryption-keys')).mode & 0o777, 0o600);
});

test('a damaged development key is said so and never replaced', () => {
  const dataDir = mkdtempSync(join(directory, 'damaged-'));
  loadConfig({ DATA_DIR: dataDir });
  writeFileSync(join(dataDir, 'secrets/encryption-keys'), 'damaged\n');
  assert.match(problemsOf({ DATA_DIR: dataDir })[0] ?? '', /cannot be used \(it is damaged\)/);
});
