import {
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';

/**
 * Keyed HMAC-SHA-256 of things that must be looked up or compared but never read back: ids of
 * tokens, codes, client secrets, what was typed into a limited field. The key is a data key, sealed
 * in the database by the key ring, so that rotating the ring leaves every fingerprint valid.
 */
export class Fingerprints {
  readonly #root: Buffer;
  /** As KeyObjects: an HMAC with one costs a tenth of an HMAC with a Buffer. */
  readonly #keys = new Map<string, KeyObject>();

  constructor(root: Buffer) {
    this.#root = root;
  }

  /** @returns 43 characters of base64url */
  of(purpose: string, value: string): string {
    return createHmac('sha256', this.#keyOf(purpose)).update(value).digest('base64url');
  }

  /** In constant time. */
  matches(purpose: string, value: string, fingerprint: string): boolean {
    const actual = Buffer.from(this.of(purpose, value));
    const expected = Buffer.from(fingerprint);
    return actual.length === expected.length && timingSafeEqual(actual, expected);
  }

  /** A key for a purpose other than fingerprints, the same on every instance. */
  key(purpose: string): Buffer {
    return this.#keyOf(purpose).export();
  }

  /** A key of its own per purpose (RFC 5869). */
  #keyOf(purpose: string): KeyObject {
    let key = this.#keys.get(purpose);
    if (!key) {
      key = createSecretKey(Buffer.from(hkdfSync('sha256', this.#root, '', purpose, 32)));
      this.#keys.set(purpose, key);
    }
    return key;
  }
}
