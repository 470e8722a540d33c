import { isVisible } from './unseen.ts';

/** What scripts and emoji are joined and drawn by stays; all else that cannot be seen hides something. */
const needed = /\p{Join_Control}|[\u180b-\u180d\u180f\ufe0e\ufe0f]/u;
const hiding =
  /[\p{Cc}\p{Co}\p{Noncharacter_Code_Point}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\ufffc]/gu;
const blanksAround = /^[\s\p{Join_Control}\u2800]+|[\s\p{Join_Control}\u2800]+$/gu;

/**
 * A name as it is shown everywhere, of a person or a community: nothing in it that hides, reorders or
 * breaks what is around.
 *
 * @param longest in code points
 * @returns nothing for a name in which there is nothing to see
 */
export function displayName(typed: string, longest = 80): string {
  const shown = typed
    .replace(hiding, (sign) => (needed.test(sign) ? sign : ''))
    .replace(blanksAround, '');
  if (!isVisible(shown)) return '';
  return [...shown].slice(0, longest).join('');
}

/**
 * Whether a name can be shown as it is. For those that operators give, who are told rather than
 * corrected.
 */
export function isDisplayName(name: string, longest: number): boolean {
  return /^\P{C}+$/u.test(name) && displayName(name, longest) === name;
}
