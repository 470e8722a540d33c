import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { negotiateLanguage } from '../../src/http/language.ts';

describe('the language of a page', () => {
  const offered = ['en', 'de', 'pt-BR'];

  test('is what the person chose, then what the application asks for, then the browser', () => {
    const acceptLanguage = 'pt-BR';
    assert.equal(
      negotiateLanguage({ cookie: 'de', uiLocales: 'en', acceptLanguage }, offered),
      'de',
    );
    assert.equal(negotiateLanguage({ uiLocales: 'en', acceptLanguage }, offered), 'en');
    assert.equal(negotiateLanguage({ acceptLanguage }, offered), 'pt-BR');
  });

  test('follows the weights of Accept-Language', () => {
    const acceptLanguage = 'fr, en;q=0.2, de;q=0.8, pt-BR;q=0';
    assert.equal(negotiateLanguage({ acceptLanguage }, offered), 'de');
  });

  test('gives up a region before the language', () => {
    assert.equal(negotiateLanguage({ uiLocales: 'fr-CA de-AT' }, offered), 'de');
  });

  test('is one that is near before one that is not', () => {
    assert.equal(negotiateLanguage({ acceptLanguage: 'pt' }, offered), 'pt-BR');
    assert.equal(negotiateLanguage({ acceptLanguage: 'fr, gsw;q=0.9' }, offered), 'de');
  });

  test('is chosen among what this page is offered in', () => {
    assert.equal(negotiateLanguage({ acceptLanguage: 'de' }, ['en', 'de']), 'de');
    assert.equal(negotiateLanguage({ acceptLanguage: 'de' }, ['en']), 'en');
  });

  test('is the first one offered when nothing fits or nothing makes sense', () => {
    for (const acceptLanguage of ['', '*', 'fr', ';;q=,', '<script>', ','.repeat(10_000)])
      assert.equal(negotiateLanguage({ acceptLanguage }, offered), 'en');
  });
});
