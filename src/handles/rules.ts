import { trimUnseen } from '../text/unseen.ts';

export const handleLength = { min: 3, max: 30 } as const;

/** Matrix, "User identifiers": the whole of `@localpart:server`, in bytes. */
const matrixIdBytes = 255;

/** Which of our own rules a text breaks. Stable: pages translate `handle.<reason>`. */
export type BrokenRule =
  | 'characters'
  | 'starts_with_letter'
  | 'too_short'
  | 'ends_with_separator'
  | 'separators'
  | 'too_long'
  | 'matrix_id_too_long';

/** Why a handle cannot be had. `taken` also covers what is kept for somebody else. */
export type HandleReason = BrokenRule | 'reserved' | 'reserved_look_alike' | 'taken';

/**
 * What a person meant by what they typed: upper case and typographic forms folded (NFKC), and the
 * `@` and `:server` forgiven that people copy along. Another server's name stays, and is then
 * refused as a character: nobody should believe that they got an address there.
 */
export function normaliseHandle(typed: string, serverName: string): string {
  const folded = trimUnseen(typed.normalize('NFKC').toLowerCase().normalize('NFKC'));
  const colon = folded.indexOf(':');
  const ours = colon >= 0 && folded.slice(colon + 1) === serverName.toLowerCase();
  return trimUnseen((ours ? folded.slice(0, colon) : folded).replace(/^@+/, ''));
}

export function matrixId(handle: string, serverName: string): string {
  return `@${handle}:${serverName}`;
}

/**
 * The first broken rule in the order in which a person would mend them: what typing on cannot cure
 * comes before what it can. `undefined` for a handle that follows all rules.
 */
export function brokenRule(handle: string, serverName: string): BrokenRule | undefined {
  if (handle === '') return 'too_short';
  if (!/^[a-z0-9._-]+$/.test(handle)) return 'characters';
  if (!/^[a-z]/.test(handle)) return 'starts_with_letter';
  if (/[._-]{2}/.test(handle)) return 'separators';
  if (handle.length < handleLength.min) return 'too_short';
  if (/[._-]$/.test(handle)) return 'ends_with_separator';
  if (handle.length > handleLength.max) return 'too_long';
  return fitsMatrixId(handle, serverName) ? undefined : 'matrix_id_too_long';
}

export function fitsMatrixId(localpart: string, serverName: string): boolean {
  return Buffer.byteLength(matrixId(localpart, serverName)) <= matrixIdBytes;
}

/** Matrix, "Historical user IDs": printable ASCII without `:`. Only imported handles may use it. */
export function isHistoricalLocalpart(localpart: string): boolean {
  return /^[\x21-\x39\x3b-\x7e]+$/.test(localpart);
}
