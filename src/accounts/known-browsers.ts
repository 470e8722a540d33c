import type { Queryable } from '../database/database.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import {
  insertKnownBrowser,
  knowsIdentifier,
  type RememberedBrowser,
} from './known-browsers.store.ts';

/**
 * Browsers that signed in to an account before have budgets of their own, so that a stranger who
 * uses up those of a name locks out nobody but strangers.
 *
 * Whether a browser is known must be decided before any account is looked up, and must tell nobody
 * whether an account exists. So the question starts from the browser's own rows: a stranger's
 * browser has none and costs the same for every name; a known one learns only about accounts whose
 * password or mailbox it had already.
 */
export class KnownBrowsers {
  readonly #fingerprints: Fingerprints;

  constructor(fingerprints: Fingerprints) {
    this.#fingerprints = fingerprints;
  }

  /** @param browser the value of the browser's own, long-lived cookie */
  rememberBrowser(tx: Queryable, browser: string, accountId: string): Promise<RememberedBrowser> {
    return insertKnownBrowser(tx, this.#fingerprints.of('known browser', browser), accountId);
  }

  /**
   * @param identifier an `EmailAddress` key or a handle, see `identifierKey`
   * @param tenantId null where the sign-in is open to all tenants
   */
  isKnown(
    db: Queryable,
    browser: string,
    identifier: string,
    tenantId: string | null = null,
  ): Promise<boolean> {
    const known = this.#fingerprints.of('known browser', browser);
    return knowsIdentifier(db, known, { identifier, tenantId });
  }
}
