import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { loadConfig } from '../../../src/config/config.ts';
import { development, problemsOf } from '../../config/settings.ts';

const secret = 'hunter2';

describe('an address whose password would be taken for something else', () => {
  const cases: [setting: string, value: string][] = [
    ['SMTP_URL', `smtp://bot:12#${secret}@mail.openmeet.test`],
    ['SMTP_URL', `smtps://bot:12/${secret}@mail.openmeet.test`],
    ['SMTP_URL', `smtps://bot:12?${secret}@mail.openmeet.test`],
    ['SMTP_URL', `smtps://bot@home:${secret}@mail.openmeet.test`],
    ['SMTP_URL', `smtps://bot:100%${secret}@mail.openmeet.test`],
    ['SMTP_URL', `smtps://bot:12\\${secret}@mail.openmeet.test`],
    ['SMTP_URL', `smtps://bot:12 ${secret}@mail.openmeet.test`],
    ['SMTP_URL', `smtps://bot#1:${secret}@mail.openmeet.test`],
    ['DATABASE_URL', `postgres://openmeet:12#${secret}@db/openmeet`],
    ['DATABASE_URL', `postgresql://openmeet:12/${secret}@db/openmeet`],
    ['DATABASE_URL', `postgres://openmeet:12?${secret}@db/openmeet`],
    ['DATABASE_URL', `postgres://openmeet:p@${secret}@db/openmeet`],
    ['GOOGLE_TOKEN_URL', `https://google.test/token#${secret}`],
  ];
  for (const [setting, value] of cases) {
    test(`is refused as ${setting}: ${value}`, () => {
      const [problem = '', ...others] = problemsOf({ ...development, [setting]: value });
      assert.deepEqual(others, []);
      assert.ok(problem.startsWith(`${setting} holds a character`), problem);
      assert.match(problem, /%23 for #/);
      assert.ok(!problem.includes(secret), problem);
    });
  }
});

describe('an address that says what is meant', () => {
  const cases: [setting: 'smtpUrl' | 'databaseUrl', value: string][] = [
    ['smtpUrl', 'smtp://bot:12%2334@mail.openmeet.test:587?requireTLS=true'],
    ['smtpUrl', 'smtps://bot%40openmeet.test:a%2Fb%3Fc%25@mail.openmeet.test'],
    ['smtpUrl', 'smtp://[::1]:2525'],
    ['smtpUrl', 'smtps://bot:a:b+c=d&e!f@mail.openmeet.test/'],
    ['databaseUrl', 'postgres://openmeet:a%2Fb@db:5432/openmeet?sslmode=require'],
    ['databaseUrl', 'postgres:///openmeet?host=/var/run/postgresql'],
  ];
  for (const [setting, value] of cases) {
    test(`is taken: ${value}`, () => {
      const name = setting === 'smtpUrl' ? 'SMTP_URL' : 'DATABASE_URL';
      assert.equal(loadConfig({ ...development, [name]: value })[setting], value);
    });
  }

  test('is not one without //, which programs read in different ways', () => {
    for (const value of ['smtp:mail.openmeet.test', 'smtps:bot:1@mail.openmeet.test']) {
      assert.match(
        problemsOf({ ...development, SMTP_URL: value })[0] ?? '',
        /^SMTP_URL must begin|^SMTP_URL must be an address that begins/,
      );
    }
  });
});
