import type { IncomingMessage } from 'node:http';
import { match } from '@formatjs/intl-localematcher';
import accepts from 'accepts';
import { availableLanguages } from './messages.ts';

export interface LanguageWishes {
  /** `ui_locales` of OpenID Connect: tags separated by spaces, best first. */
  uiLocales?: string;
  /** What the person chose before. */
  cookie?: string;
  /** The header as the browser sent it. */
  acceptLanguage?: string;
}

/** Matching takes 50 µs, and browsers ask in few ways. */
const chosen = new Map<string, string>();
const mostChosen = 500;

/** Characters of a wish. */
const longestWish = 500;

/**
 * Picks the language of a page: what the person chose, then what the application asks for, then what
 * the browser prefers, then the first of `offered`. A language that is near will do: `de` for `de-AT`,
 * `pt-BR` for `pt` (Unicode LDML, Language Matching).
 */
export function negotiateLanguage(
  { cookie = '', uiLocales = '', acceptLanguage = '' }: LanguageWishes,
  offered: readonly string[] = availableLanguages,
): string {
  const wishes = [cookie, uiLocales, acceptLanguage].map((wish) => wish.slice(0, longestWish));
  const key = JSON.stringify([wishes, offered]);
  const language = chosen.get(key) ?? match(tagsOf(wishes), offered, offered[0] ?? 'en');
  if (chosen.size >= mostChosen) chosen.clear();
  chosen.set(key, language);
  return language;
}

/** All that are well-formed, best first. */
function tagsOf([cookie = '', uiLocales = '', acceptLanguage = '']: readonly string[]): string[] {
  const request = { headers: { 'accept-language': acceptLanguage } } as IncomingMessage;
  const preferred = acceptLanguage ? accepts(request).languages() : [];
  return [cookie, ...uiLocales.split(' '), ...preferred].filter(isTag);
}

function isTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length > 0;
  } catch {
    return false;
  }
}
