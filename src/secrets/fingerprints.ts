import {
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import type { Purpose } from './purposes.ts';

/** Under which a fingerprint of an earlier root is fingerprinted once more. */
const layer = 'fingerprint';

/**
 * Keyed HMAC-SHA-256 of things that must be looked up or compared but never read back: ids of
 * tokens, codes, client secrets, what was typed into a limited field. The keys are data keys, sealed
 * in the database by the key ring, so that rotating the ring leaves every fingerprint valid.
 *
 * A new root does not replace the ones before, it comes on top: HMAC(new, HMAC(old, value)). So what
 * is stored can be brought under it without knowing what it is of.
 */
export class Fingerprints {
  readonly #roots: readonly Buffer[];
  /** As KeyObjects: an HMAC with one costs a tenth of an HMAC with a Buffer. */
  readonly #keys = new Map<string, KeyObject>();

  /** @param roots the first one first */
  constructor(...roots: readonly Buffer[]) {
    this.#roots = roots;
  }

  /** @returns 43 characters of base64url */
  of(purpose: Purpose, value: string): string {
    return this.#of(purpose, value, this.#roots.length);
  }

  /** The same for ever, whatever roots come on top: for what is no longer at hand to be changed. */
  lasting(purpose: Purpose, value: string): string {
    return this.#of(purpose, value, 1);
  }

  /** What a fingerprint from before the newest root is under it. */
  renewed(fingerprint: string): string {
    return this.#hmac(this.#roots.length - 1, layer, fingerprint);
  }

  /** In constant time. */
  matches(purpose: Purpose, value: string, fingerprint: string): boolean {
    return equal(this.of(purpose, value), fingerprint);
  }

  /** Also for a fingerprint that was made under fewer roots, which nobody could bring under more. */
  everMatched(purpose: Purpose, value: string, fingerprint: string): boolean {
    return this.#roots.some((_, index) =>
      equal(this.#of(purpose, value, this.#roots.length - index), fingerprint),
    );
  }

  /** A key for a purpose other than fingerprints, the same on every instance. */
  key(purpose: string): Buffer {
    return this.#keyOf(this.#roots.length - 1, purpose).export();
  }

  #of(purpose: Purpose, value: string, roots: number): string {
    let fingerprint = this.#hmac(0, purpose, value);
    for (let root = 1; root < roots; root += 1) fingerprint = this.#hmac(root, layer, fingerprint);
    return fingerprint;
  }

  #hmac(root: number, purpose: string, value: string): string {
    return createHmac('sha256', this.#keyOf(root, purpose)).update(value).digest('base64url');
  }

  /** A key of its own per root and purpose (RFC 5869). */
  #keyOf(root: number, purpose: string): KeyObject {
    const name = `${root}:${purpose}`;
    let key = this.#keys.get(name);
    if (!key) {
      const bytes = hkdfSync('sha256', this.#roots[root] as Buffer, '', purpose, 32);
      key = createSecretKey(Buffer.from(bytes));
      this.#keys.set(name, key);
    }
    return key;
  }
}

function equal(one: string, other: string): boolean {
  const [actual, expected] = [Buffer.from(one), Buffer.from(other)];
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
