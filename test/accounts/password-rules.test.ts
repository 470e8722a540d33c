import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { checkNewPassword, opaqueString } from '../../src/accounts/password-rules.ts';

const ada = { email: 'ada.lovelace@example.org', name: 'Ada Lovelace', handle: 'countess' };

describe('a new password', () => {
  const refused: Record<string, string[]> = {
    password_too_short: ['', '1234567', 'pässwö7', '🦊🦊🦊🦊🦊🦊🦊'],
    password_too_long: ['correct horse '.repeat(19)],
    password_common: [
      'password',
      'PASSWORD',
      'Password1',
      'password2031!',
      'p@ssw0rd',
      'P455w0rd!',
      'drowssap',
      'passwordpassword',
      'qwertyuiop',
      '1q2w3e4r5t',
      'iloveyou!!',
      '!!!dragon!!!',
      'dragon123456',
      'dragon123456!!',
      'aaaaaaaaaaaa',
      'abcabcabcabc',
      'abcdefghijkl',
      '9876543210',
      'ｐａｓｓｗｏｒｄ',
      'letme1n!',
    ],
    password_like_you: [
      'ada.lovelace@example.org',
      'adalovelace',
      'Lovelace1815',
      'l0vel4ce!',
      'countess99',
      'Ada-Countess',
      'lovelaceada2',
    ],
  };
  for (const [problem, passwords] of Object.entries(refused)) {
    for (const password of passwords) {
      test(`is refused as ${problem}: ${password.slice(0, 40)}`, () => {
        assert.equal(checkNewPassword(password, ada), problem);
      });
    }
  }

  const accepted = [
    'correct horse battery staple',
    'vexed-otter-lantern',
    'dragonfruit marmalade',
    'k7#pZ!q2',
    'Übermäßig lange Nächte',
    'ключ от старого дома',
    '🦊🐻🐼🐨🐯🦁🐮🐷',
    'adagio for nine strings',
  ];
  for (const password of accepted) {
    test(`is accepted without rules of composition: ${password}`, () => {
      assert.equal(checkNewPassword(password, ada), undefined);
    });
  }

  test('may be 256 characters long', () => {
    const words = 'vexed otter lantern '.repeat(13);
    assert.equal(checkNewPassword(words.slice(0, 256), ada), undefined);
    assert.equal(checkNewPassword(words.slice(0, 257), ada), 'password_too_long');
  });

  test('is checked without knowing anything of the person', () => {
    assert.equal(checkNewPassword('adalovelace'), undefined);
    assert.equal(checkNewPassword('adalovelace', { email: null, name: '' }), undefined);
  });
});

test('a password is the same on every keyboard (RFC 8265 OpaqueString)', () => {
  assert.equal(opaqueString('zu\u0308rich\u00A0a'), 'z\u00FCrich a');
  assert.equal(opaqueString('Straße'), 'Straße');
});
