import type { Context } from 'koa';
import { z } from 'zod';
import type { KeyRing } from '../secrets/keyring.ts';
import { clearCookie, setCookie } from './cookies.ts';

export type SealedCookieParts = { ring: KeyRing; secureCookies: boolean };

/**
 * A few facts that only this program can write or read and that a browser brings back for a while.
 * It can be brought back more than once: what may happen once is decided in the database.
 */
export class SealedCookie<Schema extends z.ZodType> {
  readonly #name: string;
  readonly #seconds: number;
  readonly #schema: Schema;

  constructor(options: { name: string; seconds: number; schema: Schema }) {
    this.#name = options.name;
    this.#seconds = options.seconds;
    this.#schema = options.schema;
  }

  write(ctx: Context, parts: SealedCookieParts, facts: z.infer<Schema>): void {
    const sealed = parts.ring.seal(
      JSON.stringify({ facts, until: Date.now() + this.#seconds * 1000 }),
      this.#context,
    );
    setCookie(ctx, this.#nameFor(parts), sealed, {
      secure: parts.secureCookies,
      maxAgeSeconds: this.#seconds,
    });
  }

  /** Nothing where there is none, where it has expired, or where it is not of our making. */
  read(ctx: Context, parts: SealedCookieParts): z.infer<Schema> | undefined {
    const sealed = ctx.cookies.get(this.#nameFor(parts));
    if (!sealed) return undefined;
    try {
      const { facts, until } = envelope.parse(
        JSON.parse(parts.ring.open(sealed, this.#context).toString()),
      );
      return until > Date.now() ? this.#schema.parse(facts) : undefined;
    } catch {
      return undefined;
    }
  }

  clear(ctx: Context, parts: SealedCookieParts): void {
    clearCookie(ctx, this.#nameFor(parts), { secure: parts.secureCookies });
  }

  /** See `cookieNames` for the prefix. */
  #nameFor({ secureCookies }: SealedCookieParts): string {
    return `${secureCookies ? '__Host-' : ''}${this.#name}`;
  }

  get #context(): string {
    return `cookie:${this.#name}::`;
  }
}

const envelope = z.object({ facts: z.unknown(), until: z.number() });
