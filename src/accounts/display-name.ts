const hiding = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\ufeff]/gu;
/** A name of nothing but joiners, spaces and marks cannot be seen. */
const somethingToSee = /[^\p{Cf}\p{Z}\p{M}]/u;

/** In code points. */
const longest = 80;

/** A name as it is shown everywhere: nothing in it that hides, reorders or breaks what is around. */
export function displayName(typed: string): string {
  const visible = typed.replace(hiding, '').trim();
  if (!somethingToSee.test(visible)) return '';
  return [...visible].slice(0, longest).join('');
}
