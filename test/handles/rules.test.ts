import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import {
  type BrokenRule,
  brokenRule,
  isHistoricalLocalpart,
  normaliseHandle,
} from '../../src/handles/rules.ts';

const server = 'matrix.example';

describe('normaliseHandle', () => {
  const cases: [typed: string, meant: string][] = [
    ['john', 'john'],
    ['  John.Doe ', 'john.doe'],
    ['@john', 'john'],
    ['@ john', 'john'],
    ['@John:Matrix.Example', 'john'],
    ['john:matrix.example ', 'john'],
    ['ｊｏｈｎ', 'john'],
    ['𝓳𝓸𝓱𝓷', 'john'],
    ['john:other.example', 'john:other.example'],
    ['@', ''],
    ['', ''],
    ['jöhn', 'jöhn'],
  ];
  for (const [typed, meant] of cases) {
    test(`takes ${JSON.stringify(typed)} for ${JSON.stringify(meant)}`, () => {
      assert.equal(normaliseHandle(typed, server), meant);
    });
  }

  test('forgives a server name with a port', () => {
    assert.equal(normaliseHandle('@john:localhost:8448', 'localhost:8448'), 'john');
  });

  test('changes nothing the second time', () => {
    const near = fc.string({ unit: fc.constantFrom(...'@: aJ.ſİΣﬁ１', `:${server}`) });
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: 'binary' })), (typed) => {
        const once = normaliseHandle(typed, server);
        assert.equal(normaliseHandle(once, server), once);
      }),
    );
  });
});

describe('brokenRule', () => {
  const cases: [handle: string, reason: BrokenRule | undefined][] = [
    ['john', undefined],
    ['abc', undefined],
    ['j0hn', undefined],
    ['john.doe_the-3rd', undefined],
    ['a'.repeat(30), undefined],
    ['', 'too_short'],
    ['ab', 'too_short'],
    ['a.', 'too_short'],
    ['a'.repeat(31), 'too_long'],
    ['1john', 'starts_with_letter'],
    ['.john', 'starts_with_letter'],
    ['_john', 'starts_with_letter'],
    ['john doe', 'characters'],
    ['John', 'characters'],
    ['jöhn', 'characters'],
    ['jоhn', 'characters'],
    ['john\u202e', 'characters'],
    ['john\u200b', 'characters'],
    ['john\n', 'characters'],
    ['john:other.example', 'characters'],
    ['john/doe', 'characters'],
    ['john=40', 'characters'],
    ['john+doe', 'characters'],
    ['john..doe', 'separators'],
    ['john.-doe', 'separators'],
    ['john.', 'ends_with_separator'],
    ['john-', 'ends_with_separator'],
    ['john_', 'ends_with_separator'],
  ];
  for (const [handle, reason] of cases) {
    test(`says ${reason ?? 'nothing'} of ${JSON.stringify(handle)}`, () => {
      assert.equal(brokenRule(handle, server), reason);
    });
  }

  test('counts the whole Matrix ID in bytes', () => {
    assert.equal(brokenRule('john', 's'.repeat(249)), undefined);
    assert.equal(brokenRule('john', 's'.repeat(250)), 'matrix_id_too_long');
    assert.equal(brokenRule('john', 'ü'.repeat(125)), 'matrix_id_too_long');
  });

  test('accepts exactly what the documented expression does', () => {
    const documented = /^[a-z][a-z0-9]*([._-][a-z0-9]+)*$/;
    const near = fc.string({ unit: fc.constantFrom(...'abz09._-A '), maxLength: 34 });
    fc.assert(
      fc.property(near, (text) => {
        const follows = documented.test(text) && text.length >= 3 && text.length <= 30;
        assert.equal(brokenRule(text, server) === undefined, follows);
      }),
      { numRuns: 2000 },
    );
  });

  test('accepts only what Matrix accepts as a localpart', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const handle = normaliseHandle(text, server);
        if (brokenRule(handle, server)) return;
        assert.match(handle, /^[a-z0-9._=/+-]+$/);
        assert.ok(isHistoricalLocalpart(handle));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('isHistoricalLocalpart', () => {
  test('knows the printable ASCII that Matrix once allowed', () => {
    for (const localpart of ['John', '!', '~', 'a=b', '@home', 'x/y', '123']) {
      assert.ok(isHistoricalLocalpart(localpart), localpart);
    }
    for (const localpart of ['', 'a b', 'a:b', 'é', 'a\x7f', 'a\n', 'a\x1f']) {
      assert.ok(!isHistoricalLocalpart(localpart), JSON.stringify(localpart));
    }
  });
});
