const controlOrBidi = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** In code points. */
const longest = 80;

/** A name as it is shown everywhere: nothing in it that hides, reorders or breaks what is around. */
export function displayName(typed: string): string {
  const visible = typed.replace(controlOrBidi, '').trim();
  return [...visible].slice(0, longest).join('');
}
