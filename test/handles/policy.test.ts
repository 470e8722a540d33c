import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { type HandleSettings, handlePolicy, refusal } from '../../src/handles/policy.ts';

function policyWith(settings: Partial<HandleSettings>) {
  return handlePolicy({
    serverName: 'matrix.example',
    reservedWords: [],
    reservedPatterns: [],
    appserviceNamespaces: [],
    ...settings,
  });
}

describe("the operator's settings", () => {
  test('reserve words with what looks like them', () => {
    const policy = policyWith({ reservedWords: ['Lincoln', 'mayor'] });
    assert.equal(refusal('lincoln', policy), 'reserved');
    assert.equal(refusal('l1nc0ln', policy), 'reserved_look_alike');
    assert.equal(refusal('mayor', policy), 'reserved');
    assert.equal(refusal('mayoress', policy), undefined);
  });

  test('reserve what a pattern is found in', () => {
    const policy = policyWith({ reservedPatterns: ['^lincoln-', '-(bot|team)$'] });
    assert.equal(refusal('lincoln-dean', policy), 'reserved');
    assert.equal(refusal('my-bot', policy), 'reserved');
    assert.equal(refusal('new-lincoln-fan', policy), undefined);
  });

  test('reserve application service namespaces without saying whose they are', () => {
    const policy = policyWith({
      appserviceNamespaces: ['@irc[._].*:matrix\\.example', '@openmeet-rooms:matrix\\.example'],
    });
    assert.equal(refusal('irc.freenode', policy), 'taken');
    assert.equal(refusal('openmeet-rooms', policy), 'taken');
    assert.equal(refusal('circus', policy), undefined);
  });

  test('match namespaces from the start of the Matrix ID, as Synapse does', () => {
    const policy = policyWith({ appserviceNamespaces: ['@tg_', 'john'] });
    assert.equal(refusal('tg_anna', policy), 'taken');
    assert.equal(refusal('john', policy), undefined);
  });
});

describe('a pattern that cannot be used', () => {
  const faulty: [pattern: string, words: RegExp][] = [
    ['', /is empty/],
    ['(', /not a valid regular expression/],
    ['a)|(b', /not a valid regular expression/],
    ['(?P<name>x)', /not a valid regular expression/],
    ['a'.repeat(201), /longer than 200/],
    ['(a+)+$', /repeats a part/],
    ['^bot-(x|y)*$', /repeats a part/],
    ['((a?)x){20}', /repeats a part/],
    ['(a|(b|c))+', /repeats a part/],
    ['(a)\\1', /refers back/],
    ['a*a*a*a*a*a*b', /more than 5/],
    ['(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)b', /more than 5/],
    ['.*', /would reserve every handle/],
    ['^[a-z]', /would reserve every handle/],
    ['a|', /would reserve every handle/],
  ];
  for (const [pattern, words] of faulty) {
    test(`stops the start: ${pattern.slice(0, 40) || 'an empty one'}`, () => {
      assert.throws(() => policyWith({ reservedPatterns: [pattern] }), words);
    });
  }

  test('is named together with all the others', () => {
    assert.throws(
      () => policyWith({ reservedPatterns: ['(', 'fine'], appserviceNamespaces: ['@.*'] }),
      (error) =>
        error instanceof AppError &&
        error.code === 'handle_policy_invalid' &&
        /handle pattern "\(" is not/.test(error.message) &&
        /namespace "@\.\*" would reserve every handle/.test(error.message) &&
        !error.message.includes('fine'),
    );
  });

  test('is not confused with patterns that operators need', () => {
    const useful = [
      '^(lincoln|roosevelt|washington)-',
      '(-bot|_bot|bot)$',
      '@_irc_.*',
      '@(?:tg|wa)_[0-9]+:matrix\\.example',
      '^(staff|team)[._-]?[0-9]*$',
      '^x{3}',
      '[(+*]{2}',
    ];
    assert.doesNotThrow(() => policyWith({ reservedPatterns: useful }));
  });

  test('leaves only patterns that are quick on the worst handle', () => {
    const policy = policyWith({ reservedPatterns: ['a*a*a*a*a*b', '(a|a)(a|a)a*a*a*b'] });
    const started = performance.now();
    assert.equal(refusal('a'.repeat(30), policy), undefined);
    assert.ok(performance.now() - started < 500);
  });
});
