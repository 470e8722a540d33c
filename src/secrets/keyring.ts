import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { AppError } from '../errors.ts';

const algorithm = 'aes-256-gcm';

type NamedKey = { id: string; key: Buffer };

/**
 * The operator's encryption keys. The first one seals, all of them open, so that a new key can be
 * put in front and `keys reencrypt` run at leisure.
 */
export class KeyRing {
  readonly #keys: readonly NamedKey[];

  /** @param keys 32 bytes each */
  constructor(keys: readonly Buffer[]) {
    this.#keys = keys.map((key) => ({
      id: createHash('sha256').update(key).digest('base64url').slice(0, 8),
      key,
    }));
  }

  /**
   * AES-256-GCM as `key id.nonce.tag.ciphertext`, all base64url.
   *
   * @param context where the value lives, as `table:row:column:tenant`: authenticated, so that a
   *   sealed value moved to another row does not open.
   */
  seal(plain: string | Buffer, context: string): string {
    const [{ id, key }] = this.#keys as [NamedKey];
    const nonce = randomBytes(12);
    const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(context));
    const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
    return [
      id,
      ...[nonce, cipher.getAuthTag(), ciphertext].map((b) => b.toString('base64url')),
    ].join('.');
  }

  /** @throws AppError `encryption_key_missing` or `sealed_value_invalid` */
  open(sealed: string, context: string): Buffer {
    const [id, nonce, tag, ciphertext] = sealed.split('.');
    const named = this.#keys.find((candidate) => candidate.id === id);
    if (!named) {
      throw new AppError('encryption_key_missing', {
        message: `No key of ENCRYPTION_KEYS opens this value (it was sealed by key ${id}). Put that key back behind the others; if it is lost, see “A lost encryption key” in docs/operators.md.`,
      });
    }
    try {
      const decipher = createDecipheriv(
        algorithm,
        named.key,
        Buffer.from(nonce ?? '', 'base64url'),
        { authTagLength: 16 },
      )
        .setAAD(Buffer.from(context))
        .setAuthTag(Buffer.from(tag ?? '', 'base64url'));
      return Buffer.concat([
        decipher.update(Buffer.from(ciphertext ?? '', 'base64url')),
        decipher.final(),
      ]);
    } catch (cause) {
      throw new AppError('sealed_value_invalid', { cause });
    }
  }

  /** Whether a value was sealed by the key that seals now. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`${this.#keys[0]?.id}.`);
  }
}
