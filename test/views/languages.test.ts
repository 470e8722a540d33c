import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { availableLanguages, type Message, messagesOf } from '../../src/http/messages.ts';

const english = messagesOf('en');

function texts(message: Message): string[] {
  return typeof message === 'string' ? [message] : Object.values(message);
}

/** Placeholders and tags of a text, in any order. */
function slots(text: string): string[] {
  return [...new Set(text.match(/\{\w+\}|<\w+>/g))].sort();
}

for (const lang of availableLanguages)
  describe(`the messages in ${lang}`, () => {
    const messages = messagesOf(lang);

    test('are for the same keys as the English ones', () => {
      assert.deepEqual([...messages.keys()].sort(), [...english.keys()].sort());
    });

    test('have the same placeholders and links as the English ones', () => {
      for (const [key, message] of messages)
        for (const text of texts(message))
          assert.deepEqual(slots(text), slots(texts(english.get(key) ?? '').at(-1) ?? ''), key);
    });

    test('have every plural form that the language needs', () => {
      const { pluralCategories } = new Intl.PluralRules(lang).resolvedOptions();
      for (const [key, message] of messages)
        if (typeof message !== 'string')
          assert.deepEqual(Object.keys(message).sort(), [...pluralCategories].sort(), key);
    });

    test('say something, close what they open, and hold no other markup', () => {
      for (const [key, message] of messages)
        for (const text of texts(message)) {
          assert.notEqual(text.trim(), '', key);
          assert.doesNotMatch(text.replace(/<(\w+)>[^<]*<\/\1>/g, ''), /[<>]/, key);
        }
    });
  });
