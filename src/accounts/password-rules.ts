import { isCommonPassword } from './common-passwords.ts';

export type PasswordProblem =
  | 'password_too_short'
  | 'password_too_long'
  | 'password_common'
  | 'password_like_you';

/** In code points, after normalisation. */
const passwordLength = { min: 8, max: 256 };

/** How much decorates a word without hiding it: `!`, `123`, `2026!`. */
const ornament = 5;

/** RFC 8265 OpaqueString: any space is a space, NFC; nothing else is changed. */
export function opaqueString(password: string): string {
  return password.replace(/\p{Zs}/gu, ' ').normalize('NFC');
}

/**
 * No composition rules: length, and nothing that a guesser tries first (NIST SP 800-63B §3.1.1.2).
 *
 * @param person what a guesser knows of this person
 */
export function checkNewPassword(
  password: string,
  person: { email?: string | null; name?: string | null; handle?: string | null } = {},
): PasswordProblem | undefined {
  const opaque = opaqueString(password);
  const length = [...opaque].length;
  if (length < passwordLength.min) return 'password_too_short';
  if (length > passwordLength.max) return 'password_too_long';
  const folded = fold(opaque);
  if (isPersonal(folded, person)) return 'password_like_you';
  return isObvious(folded) ? 'password_common' : undefined;
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

function isObvious(folded: string): boolean {
  const readings = [folded, unleet(folded), unleet(folded, 'l')];
  return (
    isRun(folded) ||
    readings.some((reading) => {
      const word = unrepeated(reading);
      return [...word].length <= ornament || isDecorated(word) || isDecorated(reversed(word));
    })
  );
}

/** A listed password, with no more around it than ornaments or other listed passwords. */
function isDecorated(text: string): boolean {
  if (isCommonPassword(text)) return true;
  const [, before = '', word = '', after = ''] = /^([^\p{L}]*)(.*?)([^\p{L}]*)$/su.exec(text) ?? [];
  const isSlight = (part: string) => part.length <= ornament || isCommonPassword(bare(part));
  return isCommonPassword(word) && isSlight(before) && isSlight(after);
}

/** Mostly made of what a guesser knows of the person. */
function isPersonal(folded: string, person: Parameters<typeof checkNewPassword>[1] = {}): boolean {
  const known = [person.email, person.email?.split('@')[0], person.name, person.handle]
    .flatMap((text) => (text ? [fold(text), ...fold(text).split(/[^\p{L}\p{N}]+/u)] : []))
    .flatMap((text) => [text, bare(text)])
    .filter((text) => text.length >= 3)
    .sort((a, b) => b.length - a.length);
  return [bare(folded), bare(unleet(folded)), bare(unleet(folded, 'l'))].some((text) => {
    const rest = known.reduce((left, token) => left.replaceAll(token, ''), text);
    return rest !== text && rest.length <= ornament;
  });
}

const bare = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, '');

const reversed = (text: string) => [...text].reverse().join('');

/** @param one which of its two letters `1` stands for */
function unleet(text: string, one: 'i' | 'l' = 'i'): string {
  const letters: Record<string, string> = {
    '@': 'a',
    '4': 'a',
    '3': 'e',
    '1': one,
    '!': 'i',
    '0': 'o',
    $: 's',
    '5': 's',
    '7': 't',
  };
  return text.replace(/[@431!0$57]/g, (sign) => letters[sign] as string);
}

/** The unit that a text consists of: `abc` for `abcabcabc`, the text itself for most. */
function unrepeated(text: string): string {
  const period = (text + text).indexOf(text, 1);
  return text.slice(0, period);
}

/** Steps of always one: `abcdefgh`, `98765432`. */
function isRun(text: string): boolean {
  const points = [...text].map((sign) => sign.codePointAt(0) as number);
  const steps = points.slice(1).map((point, index) => point - (points[index] as number));
  return steps.every((step) => step === 1) || steps.every((step) => step === -1);
}
