import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { createTranslator, flatten } from '../../src/http/messages.ts';

const english = createTranslator(
  'en',
  flatten({
    hello: 'Hello {name}',
    group: { tries: '{count, plural, one {# try} other {# tries}}' },
    wait: 'Wait {minutes} minutes, {name} & co.',
    link: 'Read the <terms>terms</terms>, <b>{name}</b>',
  }),
);

describe('a message', () => {
  test('is chosen by the plural form of its count', () => {
    assert.equal(english.text('group.tries', { count: 1 }), '1 try');
    assert.equal(english.text('group.tries', { count: 1200 }), '1,200 tries');
  });

  test('as HTML escapes what it is given, and links only where it is told to', () => {
    assert.equal(
      english.html('link', { name: '<i>' }, { terms: '/t?a&b' }),
      'Read the <a href="/t?a&amp;b">terms</a>, <strong><bdi>&lt;i&gt;</bdi></strong>',
    );
    assert.match(english.html('link', { name: 'Ann' }), /^Read the terms, /);
  });

  test('is not searched again for placeholders in what it was given', () => {
    assert.equal(english.text('hello', { name: '{name}' }), 'Hello {name}');
  });

  test('keeps a name of the other direction from turning the sentence around', () => {
    assert.equal(english.text('hello', { name: 'שלום' }), 'Hello \u2068שלום\u2069');
    assert.equal(english.text('hello', { name: 'Ann' }), 'Hello Ann');
  });

  test('shows numbers as the language does, and a missing name as what is missing', () => {
    assert.equal(english.text('wait', { minutes: 1200 }), 'Wait 1,200 minutes, {name} & co.');
    assert.equal(
      english.html('wait', { minutes: 1200, name: 'Ann' }),
      'Wait 1,200 minutes, <bdi>Ann</bdi> &amp; co.',
    );
  });

  test('that does not exist is an error', () => {
    assert.throws(() => english.text('nothing'), /no message nothing/);
  });
});

test('times are told from now', () => {
  const now = new Date('2026-05-04T12:00:00Z');
  assert.equal(english.ago(new Date('2026-05-04T11:59:40Z'), now), 'this minute');
  assert.equal(english.ago(new Date('2026-05-04T09:00:00Z'), now), '3 hours ago');
  assert.equal(english.ago(new Date('2026-05-03T09:00:00Z'), now), 'yesterday');
});
