import { availableLanguages } from './messages.ts';

export interface LanguageWishes {
  /** `ui_locales` of OpenID Connect: tags separated by spaces, best first. */
  uiLocales?: string;
  /** What the person chose before. */
  cookie?: string;
  /** The header as the browser sent it. */
  acceptLanguage?: string;
}

/**
 * Picks the language of a page: what the person chose, then what the application asks for, then what
 * the browser prefers, then the first of `offered`. A region is given up before a language is
 * (`de-AT` is content with `de`).
 */
export function negotiateLanguage(
  wishes: LanguageWishes,
  offered: readonly string[] = availableLanguages,
): string {
  const wanted = [
    ...(wishes.cookie ? [wishes.cookie] : []),
    ...(wishes.uiLocales ?? '').split(' '),
    ...parseAcceptLanguage(wishes.acceptLanguage ?? ''),
  ];
  for (const tag of wanted) {
    const match = closest(tag.toLowerCase(), offered);
    if (match) return match;
  }
  return offered[0] ?? 'en';
}

function closest(wanted: string, offered: readonly string[]): string | undefined {
  const parts = wanted.split('-');
  for (let length = parts.length; length > 0; length -= 1) {
    const tag = parts.slice(0, length).join('-');
    const match = offered.find((candidate) => candidate.toLowerCase() === tag);
    if (match) return match;
  }
  return undefined;
}

function parseAcceptLanguage(header: string): string[] {
  return header
    .slice(0, 500)
    .split(',')
    .map((entry) => {
      const [tag = '', ...parameters] = entry.trim().split(';');
      const weight = parameters.find((parameter) => parameter.trim().startsWith('q='));
      return { tag: tag.trim(), weight: weight ? Number(weight.trim().slice(2)) : 1 };
    })
    .filter(({ tag, weight }) => tag !== '' && weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag);
}
