import {
  isLiteralElement,
  isPluralElement,
  isTagElement,
  type MessageFormatElement,
  parse,
} from '@formatjs/icu-messageformat-parser';
import type { Message } from '../../src/http/message.ts';
import { createTranslator, messagesOf, type Translator } from '../../src/http/messages.ts';

const latin = 'abcdefghijklmnopqrstuvwxyz';
const accented = 'åƀçđéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž';
const arabic = 'ابتثجحخدذرزسشصضطظعغفقكلمنه';

type Change = (text: string) => string;

/** Placeholders and tags are not words. */
function mapWords(elements: MessageFormatElement[], change: Change): MessageFormatElement[] {
  return elements.map((element) => {
    if (isLiteralElement(element)) return { ...element, value: change(element.value) };
    if (isTagElement(element)) {
      return { ...element, children: mapWords(element.children, change) };
    }
    if (!isPluralElement(element)) return element;
    const options = Object.entries(element.options).map(
      ([category, { value }]) => [category, { value: mapWords(value, change) }] as const,
    );
    return { ...element, options: Object.fromEntries(options) };
  });
}

function inAlphabet(text: string, alphabet: string): string {
  const letters = [...alphabet];
  return text.replace(
    /[a-z]/gi,
    (letter) => letters[latin.indexOf(letter.toLowerCase())] ?? letter,
  );
}

function pseudoLanguage(lang: string, dir: string, change: Change): Translator {
  const words = [...messagesOf('en')].map(
    ([key, message]) => [key, mapWords(parse(String(message)), change)] as const,
  );
  const messages = new Map<string, Message>([...words, ['language.direction', dir]]);
  return createTranslator(lang, messages);
}

/** English with accents, 40 % longer. */
export const longer = pseudoLanguage('en-XA', 'ltr', (text) => {
  const extra = 'lorem ipsum dolor sit amet '.repeat(9).slice(0, Math.ceil(text.length * 0.4));
  return inAlphabet(text, accented) + (/\w/.test(text) ? extra : '');
});

/** English in Arabic letters, from right to left. */
export const rightToLeft = pseudoLanguage('ar-XB', 'rtl', (text) => inAlphabet(text, arabic));
