import { randomInt, randomUUID } from 'node:crypto';
import type { Queryable } from '../database/database.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { withoutUnseen } from '../text/unseen.ts';
import { insertCode, issuedCodes, newestCode, type StoredCode, tryCode } from './codes.store.ts';

export type CodePurpose = 'sign-in' | 'sign-up' | 'recovery' | 'email-change' | 'confirm';

/** What a code is bound to: it is worth nothing anywhere else. */
export type CodeBinding = {
  purpose: CodePurpose;
  /** Null where the sign-in is open to all tenants. */
  tenantId: string | null;
  /** The browser's cookie, or any constant stand-in for it. */
  browser: string;
  /** What is being done: a sign-in, or an account that changes something. */
  subject: string;
};

export type NewCode = CodeBinding & {
  email: string;
  emailKey: string;
  accountId?: string | null;
  /** See `SignInLimits`: longer while somebody guesses at large. */
  digits?: 6 | 8;
};

export type Redemption =
  | { outcome: 'ok'; email: string; emailKey: string; accountId: string | null }
  | { outcome: 'wrong'; triesLeft: number }
  | { outcome: 'expired' | 'used' | 'exhausted' | 'none' };

export const codeLimits = { minutes: 15, tries: 5, guessesPerDay: 30 };

const firstResendDelay = 30_000;
const lastResendDelay = 3_600_000;

/** Codes that prove an email address. Neither code, browser nor subject is stored readably. */
export class EmailCodes {
  readonly #fingerprints: Fingerprints;

  constructor(fingerprints: Fingerprints) {
    this.#fingerprints = fingerprints;
  }

  /** Makes a code; the earlier ones of the same subject and purpose are worth nothing from now. */
  async issueCode(tx: Queryable, order: NewCode): Promise<{ code: string; expiresAt: Date }> {
    const digits = order.digits ?? 6;
    const code = String(randomInt(10 ** digits)).padStart(digits, '0');
    const expiresAt = await insertCode(tx, {
      ...this.#bind(order),
      id: randomUUID(),
      email: order.email,
      emailKey: order.emailKey,
      accountId: order.accountId ?? null,
      code: this.#fingerprintOf(order, code),
      minutes: codeLimits.minutes,
    });
    return { code, expiresAt };
  }

  /**
   * Tries a code. The transaction must be committed whatever the outcome, else the try never
   * happened; only `ok` means that the address is proved, once.
   *
   * A stranger who uses up the guesses of an address does so for strangers only: a browser that
   * signed in to the account before has guesses of its own.
   */
  async redeemCode(tx: Queryable, attempt: CodeBinding & { code: string }): Promise<Redemption> {
    const binding = this.#bind(attempt);
    const knownBrowser = this.#fingerprints.of('known browser', attempt.browser);
    const found = await newestCode(tx, binding, knownBrowser);
    const tried = await tryCode(tx, {
      ...binding,
      id: found?.id ?? null,
      code: this.#fingerprintOf(attempt, withoutUnseen(attempt.code).replace(/\p{Pd}/gu, '')),
      guesses: this.#guessesOf(found, binding),
      maxTries: codeLimits.tries,
      maxGuesses: codeLimits.guessesPerDay,
    });
    if (!tried) return { outcome: outcomeOf(await newestCode(tx, binding, knownBrowser)) };
    const { right, tries, email, emailKey, accountId } = tried;
    return right
      ? { outcome: 'ok', email, emailKey, accountId }
      : { outcome: 'wrong', triesLeft: codeLimits.tries - tries };
  }

  /**
   * When the next code may be sent: 30 s after the first one, twice as long after each further one,
   * at most an hour. A past date where none was sent.
   */
  async resendAllowedAt(
    db: Queryable,
    subject: Pick<CodeBinding, 'purpose' | 'subject'>,
  ): Promise<Date> {
    const { count, last } = await issuedCodes(db, this.#subjectOf(subject), subject.purpose);
    if (!last) return new Date(0);
    const delay = Math.min(firstResendDelay * 2 ** (count - 1), lastResendDelay);
    return new Date(last.getTime() + delay);
  }

  #bind({ purpose, tenantId, browser, subject }: CodeBinding): CodeBinding {
    return {
      purpose,
      tenantId,
      browser: this.#fingerprints.of('code browser', browser),
      subject: this.#subjectOf({ purpose, subject }),
    };
  }

  #subjectOf({ purpose, subject }: Pick<CodeBinding, 'purpose' | 'subject'>): string {
    return this.#fingerprints.of('code subject', JSON.stringify([purpose, subject]));
  }

  #fingerprintOf({ purpose, tenantId, browser, subject }: CodeBinding, code: string): string {
    const bound = JSON.stringify([purpose, tenantId, browser, subject, code]);
    return this.#fingerprints.of('email code', bound);
  }

  /**
   * The day's budget that a guess draws on: one for each address, in whatever community and for whatever
   * it is asked. Where a code was mailed to nobody there is one too: it is the same work.
   */
  #guessesOf(found: StoredCode | undefined, { browser, subject }: CodeBinding): string {
    const whose = found?.emailKey
      ? [found.emailKey, found.knownBrowser ? browser : null]
      : ['nobody', subject];
    return this.#fingerprints.of('code guesses', JSON.stringify(whose));
  }
}

/** Why a try did not count, as the code stands now. */
function outcomeOf(code: StoredCode | undefined): 'expired' | 'used' | 'exhausted' | 'none' {
  if (!code) return 'none';
  if (code.consumed) return 'used';
  return code.expired ? 'expired' : 'exhausted';
}
