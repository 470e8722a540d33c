import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { maskEmail, parseEmail } from '../../src/accounts/email-address.ts';

describe('an email address', () => {
  const parsed: Record<string, { email: string; key: string }> = {
    'John.Doe@Example.ORG': { email: 'John.Doe@example.org', key: 'john.doe@example.org' },
    '  ann@example.org ': { email: 'ann@example.org', key: 'ann@example.org' },
    '\u00A0\t\u200Bann@example.org\u2060\uFEFF\n': {
      email: 'ann@example.org',
      key: 'ann@example.org',
    },
    "o'neil+club@mail.example.org": {
      email: "o'neil+club@mail.example.org",
      key: "o'neil+club@mail.example.org",
    },
    'zoë@CAFÉ.example': { email: 'zoë@xn--caf-dma.example', key: 'zoë@xn--caf-dma.example' },
    'ZOE\u0308@faß.example': { email: 'ZOË@xn--fa-hia.example', key: 'zoë@xn--fa-hia.example' },
    // The Kelvin sign is K in every normal form, in what is mailed as in what is compared.
    'mi\u212Ae@example.org': { email: 'miKe@example.org', key: 'mike@example.org' },
  };
  for (const [typed, address] of Object.entries(parsed)) {
    test(`is read from ${JSON.stringify(typed)}`, () => {
      assert.deepEqual(parseEmail(typed), address);
    });
  }

  const refused = [
    '',
    'ann',
    '@example.org',
    'ann@',
    'ann@localhost',
    'ann@example..org',
    'ann@.example.org',
    'ann@example.org.',
    'ann@-example.org',
    'ann@exa_mple.org',
    'ann@127.0.0.1',
    'ann@127.1',
    'ann@0x7f.1',
    'ann@[127.0.0.1]',
    'ann@ex%61mple.org',
    'ann@example。org',
    '.ann@example.org',
    'ann.@example.org',
    'a..n@example.org',
    'ann@example.org,bob@example.org',
    'ann@example.org;bob@example.org',
    'ann@example.org bob@example.org',
    'ann@evil.example@example.org',
    '"ann"@example.org',
    '"a@b"@example.org',
    'Ann <ann@example.org>',
    '<ann@example.org>',
    'ann(comment)@example.org',
    'ann@example.org\r\nBcc: bob@example.org',
    'an\u0000n@example.org',
    'a\u202Enn@example.org',
    'a\u200Bnn@example.org',
    'ann\t@example.org',
    `${'a'.repeat(65)}@example.org`,
    `ann@${'a'.repeat(64)}.org`,
    `ann@${'example.'.repeat(32)}org`,
  ];
  for (const typed of refused) {
    test(`is not read from ${JSON.stringify(typed)}`, () => {
      assert.equal(parseEmail(typed), undefined);
    });
  }

  test('is the same when it is read again', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (typed) => {
        const once = parseEmail(typed);
        if (!once) return;
        assert.deepEqual(parseEmail(once.email), once);
        assert.equal(parseEmail(once.key)?.key, once.key);
      }),
    );
  });

  test('never holds anything that could end or begin another, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const { email = '', key = '' } = parseEmail(`${a}@${b}.org`) ?? {};
        assert.doesNotMatch(email + key, /[\s\p{C}"(),:;<>[\\\]]|@.*@.*@/u);
      }),
    );
  });

  test('is told without being given away', () => {
    assert.equal(maskEmail('john.doe@example.org'), 'j•••@example.org');
    assert.equal(maskEmail('j@example.org'), 'j•••@example.org');
  });
});
