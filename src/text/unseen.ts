/**
 * What takes no place on a screen, or no more than a space does: blanks and controls of every kind, all
 * that Unicode lets a font ignore (`Default_Ignorable_Code_Point`), what never has a sign of
 * its own (`Co`, noncharacters), and three signs that are drawn empty.
 */
const unseen =
  '[\\s\\p{Cc}\\p{Cf}\\p{Co}\\p{Noncharacter_Code_Point}\\p{Z}\\p{Default_Ignorable_Code_Point}\\u{2800}\\u{FFFC}\\u{1D159}]+';
const around = new RegExp(`^${unseen}|${unseen}$`, 'gu');
const anywhere = new RegExp(unseen, 'gu');
const marks = /\p{M}+/gu;

/** What was typed or pasted, without what came along unseen before and after it. */
export function trimUnseen(text: string): string {
  return text.replace(around, '');
}

/** Also without what stands unseen within: for what has no blanks, such as a code. */
export function withoutUnseen(text: string): string {
  return text.replace(anywhere, '');
}

/** Whether there is anything to see: marks alone have nothing that they could stand on. */
export function isVisible(text: string): boolean {
  return withoutUnseen(text).replace(marks, '') !== '';
}
