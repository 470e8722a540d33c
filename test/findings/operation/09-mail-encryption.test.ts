import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { problemsOf, production } from '../../config/settings.ts';

describe('in production mail with its codes is encrypted on its way', () => {
  const refused = [
    'smtp://mail.openmeet.test',
    'smtp://mail.openmeet.test:465',
    'smtp://bot:secret@mail.openmeet.test:587?requireTLS=false',
    'smtp://mail.openmeet.test:587?requireTLS=true&requireTLS=false',
    'smtp://mail.openmeet.test:587?requiretls=true',
    'smtp://mail.openmeet.test:587?requireTLS=true&tls.rejectUnauthorized=false',
    'smtps://mail.openmeet.test?tls.rejectUnauthorized=false',
    'smtps://mail.openmeet.test?tls.rejectUnauthorized=0',
    'smtp://127.0.0.1.evil.test',
  ];
  for (const url of refused) {
    test(`so ${url} is refused`, () => {
      const problems = problemsOf({ ...production, SMTP_URL: url });
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', /^SMTP_URL lets mail .+ smtps:\/\/.+requireTLS=true/);
      assert.ok(!problems[0]?.includes('secret'));
    });
  }

  const accepted = [
    'smtps://bot:secret@mail.openmeet.test',
    'smtp://bot:secret@mail.openmeet.test:587?requireTLS=true',
    'smtp://127.0.0.1:25',
    'smtp://[::1]:25',
    'smtp://localhost',
  ];
  for (const url of accepted) {
    test(`and ${url} is taken`, () => {
      assert.deepEqual(problemsOf({ ...production, SMTP_URL: url }), []);
    });
  }
});
