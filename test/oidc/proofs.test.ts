import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import {
  announcedStrength,
  factsOf,
  factsOfHandOff,
  type Method,
  missingStrengths,
  type Proofs,
  reaches,
  rememberedStep,
  twoSteps,
} from '../../src/oidc/proofs.ts';

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

  const by = (first: Method, ...more: Method[]): Proofs => [
    { method: first, at: minute(0) },
    ...more.map((method) => ({ method, at: minute(1) })),
  ];

  test('is multi-factor by a password and a code from an app, or one kept for a bad day', () => {
    for (const second of ['totp', 'recovery'] satisfies Method[]) {
      const { acr, amr } = factsOf(by('pwd', second));
      assert.deepEqual([acr, amr], [mfa, ['pwd', 'otp', 'mfa']]);
    }
  });

  test('is two steps, told as one factor, by two of one kind or by what is not known', () => {
    for (const first of ['otp', 'fed'] satisfies Method[]) {
      const { acr, amr } = factsOf(by(first, 'totp'));
      assert.equal(acr, twoSteps);
      assert.equal(announcedStrength(acr, [mfa, twoSteps]), sfa);
      assert.ok(!amr.includes('mfa'));
      assert.deepEqual(missingStrengths(acr, [twoSteps]), [twoSteps], 'no client can ask for it');
    }
  });

  test('is less than two steps in a browser that is remembered', () => {
    const { acr, amr } = factsOf(by('pwd', 'remembered'));
    assert.deepEqual([acr, amr], [rememberedStep, ['pwd']]);
    assert.equal(announcedStrength(acr, []), sfa);
    assert.ok(!reaches(acr, twoSteps));
    assert.ok(reaches(twoSteps, rememberedStep));
  });

  test('is multi-factor by the word of a provider that is believed', () => {
    const { acr, amr } = factsOf(by('fed_mfa'));
    assert.deepEqual([acr, amr], [mfa, ['fed', 'mfa']]);
  });

  test('is multi-factor by a passkey alone', () => {
    const { acr, amr } = factsOf(by('hwk'));
    assert.ok(reaches(acr, mfa));
    assert.deepEqual(amr, ['hwk', 'user', 'mfa']);
  });

  test('is told by the first value that was asked for and is reached, else by the strongest', () => {
    assert.equal(announcedStrength(mfa, []), mfa);
    assert.equal(announcedStrength(mfa, ['urn:mace:gold', sfa, mfa]), sfa);
    assert.equal(announcedStrength(sfa, [mfa]), sfa);
    assert.equal(announcedStrength(undefined, [sfa]), undefined);
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
