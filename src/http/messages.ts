import { readdirSync, readFileSync } from 'node:fs';
import { breakable, escapeHtml } from './html.ts';
import { compileMessage, type Message, type Params, type Shape } from './message.ts';

export type Messages = ReadonlyMap<string, Message>;

export interface Translator {
  readonly lang: string;
  readonly dir: 'ltr' | 'rtl';
  has(key: string): boolean;
  /** Plain text, to be escaped by whoever shows it. Throws on an unknown key. */
  text(key: string, params?: Params): string;
  /** Escaped HTML. `<b>` becomes strong; any other tag is a link whose URL is in `links`. */
  html(key: string, params?: Params, links?: Readonly<Record<string, string>>): string;
  date(value: Date): string;
  /** In UTC, and says so. */
  dateTime(value: Date): string;
  /** Such as "3 hours ago". */
  ago(value: Date, now?: Date): string;
}

const folder = new URL('../../views/messages/', import.meta.url);
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;

/** Flattens nested groups into dotted keys. */
export function flatten(
  group: Readonly<Record<string, unknown>>,
  prefix = '',
): Map<string, string> {
  const messages = new Map<string, string>();
  for (const [name, value] of Object.entries(group)) {
    const key = prefix + name;
    if (typeof value === 'string') messages.set(key, value);
    else if (typeof value === 'object' && value !== null)
      for (const entry of flatten({ ...value }, `${key}.`)) messages.set(...entry);
    else throw new Error(`message ${key} is neither text nor a group`);
  }
  return messages;
}

function load(): ReadonlyMap<string, Messages> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return new Map(
    files.map((file) => {
      const content: Record<string, unknown> = JSON.parse(
        readFileSync(new URL(file, folder), 'utf8'),
      );
      return [file.slice(0, -'.json'.length), flatten(content)];
    }),
  );
}

const languages = load();
const translators = new Map<string, Translator>();

/** Tags of the languages there is a file for, English first. */
export const availableLanguages: readonly string[] = [...languages.keys()].sort(
  (a, b) => Number(b === 'en') - Number(a === 'en') || a.localeCompare(b),
);

/** The messages of one language as they are in its file. */
export function messagesOf(lang: string): Messages {
  const messages = languages.get(lang) ?? languages.get('en');
  if (!messages) throw new Error('views/messages/en.json is missing');
  return messages;
}

/** The language's own name for itself. */
export function languageName(lang: string): string {
  return translatorFor(lang).text('language.name');
}

/** The translator of a language, or of English where there is no file for it. */
export function translatorFor(lang: string): Translator {
  const known = languages.has(lang) ? lang : 'en';
  const translator = translators.get(known) ?? createTranslator(known, messagesOf(known));
  translators.set(known, translator);
  return translator;
}

/** Makes a translator from messages that need not be in a file. */
export function createTranslator(lang: string, messages: Messages): Translator {
  const dir = messages.get('language.direction') === 'rtl' ? 'rtl' : 'ltr';
  const numbers = new Intl.NumberFormat(lang);
  const dates = new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeZone: 'UTC' });
  const times = new Intl.DateTimeFormat(lang, {
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZone: 'UTC',
    timeZoneName: 'short',
  });
  const relative = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' });

  const compiled = new Map<string, ReturnType<typeof compileMessage>>();
  const sentence = (key: string) => {
    const known = compiled.get(key);
    if (known) return known;
    const message = messages.get(key);
    if (message === undefined) throw new Error(`no message ${key} in ${lang}`);
    const made = compileMessage(message, lang, numbers);
    compiled.set(key, made);
    return made;
  };
  const plain: Shape = {
    literal: (text) => text,
    param: (text) => isolate(text, dir),
    tag: (_name, content) => content,
  };

  return {
    lang,
    dir,
    has: (key) => messages.has(key),
    text: (key, params = {}) => sentence(key)(params, plain),
    html: (key, params = {}, links = {}) => sentence(key)(params, markup(links)),
    date: (value) => dates.format(value),
    dateTime: (value) => times.format(value),
    ago: (value, now = new Date()) => ago(relative, value, now),
  };
}

/** Keeps a name of the other direction from reordering the sentence around it. */
function isolate(value: string, dir: 'ltr' | 'rtl'): string {
  return dir === 'rtl' || rightToLeft.test(value) ? `\u2068${value}\u2069` : value;
}

const matrixId = /^@[^\s:]+:\S+$/;

function markup(links: Readonly<Record<string, string>>): Shape {
  return {
    literal: escapeHtml,
    param: (text) => `<bdi>${matrixId.test(text) ? breakable(text) : escapeHtml(text)}</bdi>`,
    tag(name, content) {
      if (name === 'b') return `<strong>${content}</strong>`;
      const url = links[name];
      return url === undefined ? content : `<a href="${escapeHtml(url)}">${content}</a>`;
    },
  };
}

const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

function ago(format: Intl.RelativeTimeFormat, value: Date, now: Date): string {
  const seconds = (value.getTime() - now.getTime()) / 1000;
  const [unit, length] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ['minute', 60];
  return format.format(Math.trunc(seconds / length), unit);
}
