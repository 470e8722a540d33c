import {
  createTranslator,
  type Message,
  messagesOf,
  type Translator,
} from '../../src/http/messages.ts';

const latin = 'abcdefghijklmnopqrstuvwxyz';
const accented = 'åƀçđéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž';
const arabic = 'ابتثجحخدذرزسشصضطظعغفقكلمنه';
/** Placeholders and tags are not words. */
const words = /(\{\w+\}|<\/?\w+>)/;

function mapWords(message: Message, change: (text: string) => string): Message {
  if (typeof message !== 'string')
    return Object.fromEntries(
      Object.entries(message).map(([category, text]) => [category, String(mapWords(text, change))]),
    );
  return message
    .split(words)
    .map((part) => (words.test(part) ? part : change(part)))
    .join('');
}

function inAlphabet(text: string, alphabet: string): string {
  const letters = [...alphabet];
  return text.replace(
    /[a-z]/gi,
    (letter) => letters[latin.indexOf(letter.toLowerCase())] ?? letter,
  );
}

function pseudoLanguage(lang: string, dir: string, change: (text: string) => string): Translator {
  const messages = new Map(
    [...messagesOf('en')].map(([key, message]) => [key, mapWords(message, change)]),
  );
  messages.set('language.direction', dir);
  return createTranslator(lang, messages);
}

/** English with accents, 40 % longer. */
export const longer = pseudoLanguage('en-XA', 'ltr', (text) => {
  const extra = 'lorem ipsum dolor sit amet '.repeat(9).slice(0, Math.ceil(text.length * 0.4));
  return inAlphabet(text, accented) + (/\w/.test(text) ? extra : '');
});

/** English in Arabic letters, from right to left. */
export const rightToLeft = pseudoLanguage('ar-XB', 'rtl', (text) => inAlphabet(text, arabic));
