import assert from 'node:assert/strict';
import {
  isLiteralElement,
  isPluralElement,
  type MessageFormatElement,
  type PluralElement,
  parse,
} from '@formatjs/icu-messageformat-parser';
import { describe, test } from 'vitest';
import { everyElement } from '../../src/http/message.ts';
import { availableLanguages, messagesOf } from '../../src/http/messages.ts';

type Elements = readonly MessageFormatElement[];

function parsed(lang: string): Map<string, MessageFormatElement[]> {
  return new Map([...messagesOf(lang)].map(([key, message]) => [key, parse(String(message))]));
}

const english = parsed('en');

function plurals(elements: Elements): PluralElement[] {
  return [...everyElement(elements)].filter(isPluralElement);
}

/** Each form of a message that has some, else the message. */
function texts(elements: Elements): Elements[] {
  const forms = plurals(elements).flatMap(({ options }) => Object.values(options));
  return forms.length > 0 ? forms.map(({ value }) => value) : [elements];
}

/** Placeholders and tags of a text, in any order. */
function slots(elements: Elements): string[] {
  const found = [...everyElement(elements)].filter((element) => !isLiteralElement(element));
  return [...new Set(found.map((it) => ('value' in it ? `${it.type} ${it.value}` : '#')))].sort();
}

for (const lang of availableLanguages)
  describe(`the messages in ${lang}`, () => {
    const messages = parsed(lang);

    test('are for the same keys as the English ones', () => {
      assert.deepEqual([...messages.keys()].sort(), [...english.keys()].sort());
    });

    test('have the same placeholders and links as the English ones', () => {
      for (const [key, message] of messages)
        for (const text of texts(message))
          assert.deepEqual(slots(text), slots(texts(english.get(key) ?? []).at(-1) ?? []), key);
    });

    test('have every plural form that the language needs', () => {
      const { pluralCategories } = new Intl.PluralRules(lang).resolvedOptions();
      for (const [key, message] of messages)
        for (const { options } of plurals(message))
          assert.deepEqual(Object.keys(options).sort(), [...pluralCategories].sort(), key);
    });

    test('say something, close what they open, and hold no other markup', () => {
      for (const [key, message] of messages)
        for (const text of texts(message)) {
          const literals = [...everyElement(text)].filter(isLiteralElement);
          assert.notEqual(text.length, 0, key);
          if (literals.length === text.length)
            assert.notEqual(
              literals
                .map(({ value }) => value)
                .join('')
                .trim(),
              '',
              key,
            );
          for (const { value } of literals) assert.doesNotMatch(value, /[<>{}]/, key);
        }
    });
  });
