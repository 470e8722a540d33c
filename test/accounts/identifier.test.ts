import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { identifierKey, parseIdentifier } from '../../src/accounts/identifier.ts';

describe('what a person types to say who they are', () => {
  test('is an email address where there is an @ inside', () => {
    assert.deepEqual(parseIdentifier(' Ann@Example.org '), {
      email: 'Ann@example.org',
      emailKey: 'ann@example.org',
    });
  });

  for (const typed of ['john.doe', 'John.Doe', '@john.doe', '@john.doe:matrix.example']) {
    test(`is a handle: ${typed}`, () => {
      assert.deepEqual(parseIdentifier(typed), { handle: 'john.doe' });
    });
  }

  for (const typed of ['', '@', 'john doe', 'john@', 'ann@example', "john' or 1=1", 'jöhn']) {
    test(`is nothing: ${JSON.stringify(typed)}`, () => {
      assert.equal(parseIdentifier(typed), undefined);
    });
  }

  test('has one key for limits, however it is written', () => {
    const keys = ['ann@example.org', 'ANN@EXAMPLE.ORG'].map((typed) =>
      identifierKey(parseIdentifier(typed) ?? {}),
    );
    assert.deepEqual(keys, ['ann@example.org', 'ann@example.org']);
  });
});
