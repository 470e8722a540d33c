import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { factsOf, factsOfHandOff, type Method, missingStrengths } from '../../src/oidc/proofs.ts';

const sfa = 'https://refeds.org/profile/sfa';
const mfa = 'https://refeds.org/profile/mfa';

const minute = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 12, minutes));
const seconds = (date: Date) => date.getTime() / 1000;

describe('what was proved', () => {
  test('says of each method by itself that it is one factor', () => {
    for (const method of ['pwd', 'otp', 'fed'] satisfies Method[]) {
      const facts = factsOf([{ method, at: minute(0) }]);
      assert.deepEqual(facts, { acr: sfa, amr: [method], ts: seconds(minute(0)) });
    }
  });

  test('names each method once, with the time of the newest proof', () => {
    const facts = factsOf([
      { method: 'pwd', at: minute(0) },
      { method: 'otp', at: minute(2) },
      { method: 'otp', at: minute(1) },
    ]);
    assert.deepEqual(facts.amr, ['pwd', 'otp']);
    assert.equal(facts.ts, seconds(minute(2)));
  });

  test('is one factor still where a password and a code by mail come together', () => {
    const facts = factsOf([
      { method: 'pwd', at: minute(0) },
      { method: 'otp', at: minute(1) },
    ]);
    assert.equal(facts.acr, sfa);
  });

  test('is nothing where a platform hands somebody over', () => {
    const facts = factsOfHandOff(minute(0));
    assert.deepEqual(facts, { amr: ['handoff'], ts: seconds(minute(0)) });
    assert.deepEqual(missingStrengths(facts.acr, [sfa]), [sfa]);
  });

  test('is enough where nothing is required, or what it comes to', () => {
    assert.deepEqual(missingStrengths(sfa, []), []);
    assert.deepEqual(missingStrengths(sfa, [mfa, sfa]), []);
  });

  test('lacks each strength of which one is required', () => {
    assert.deepEqual(missingStrengths(sfa, [mfa]), [mfa]);
    assert.deepEqual(missingStrengths(undefined, [mfa, sfa]), [mfa, sfa]);
  });
});
