import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { mailbox, oneAddress } from '../../src/mail/address.ts';

describe('a mail address', () => {
  test('is taken as it is, its domain in ASCII', () => {
    assert.equal(oneAddress('Ann.Lee+x@Example.org'), 'Ann.Lee+x@example.org');
    assert.equal(oneAddress('ann@bücher.example'), 'ann@xn--bcher-kva.example');
    assert.equal(oneAddress('añn@example.org'), 'añn@example.org');
  });

  for (const text of [
    '',
    'ann',
    '@example.org',
    'ann@',
    'a@example.org, b@example.org',
    'a@example.org;b@example.org',
    'Ann <ann@example.org>',
    'victim@example.org,x@evil.example',
    '"a b"@example.org',
    'group:a@example.org;',
    'ann@example.org\r\nBcc: x@evil.example',
    'ann\u0000@example.org',
    'ann\u202e@example.org',
    'ann@exa mple.org',
    'ann@example.org>',
    'a@b@example.org',
    `${'a'.repeat(65)}@example.org`,
    `ann@${'a.'.repeat(130)}org`,
  ]) {
    test(`is refused when it is ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.throws(() => oneAddress(text), { code: 'mail_recipient_invalid' });
    });
  }

  test('is one mailbox however it is tagged or spelled', () => {
    assert.equal(mailbox('Ann+club@Example.org'), 'ann@example.org');
    assert.equal(mailbox('ann@example.org'), 'ann@example.org');
    assert.equal(mailbox('+@example.org'), '+@example.org');
  });
});
