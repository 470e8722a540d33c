import type { Queryable } from '../database/database.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { insertRemembered, isRemembered } from './remembered-browsers.store.ts';

/** For how long. */
export const rememberedDays = 30;

/**
 * Browsers in which an account needs no second step, because its owner wished so. Any change of its
 * factors, its password or its address ends that.
 */
export class RememberedBrowsers {
  readonly #fingerprints: Fingerprints;

  constructor(fingerprints: Fingerprints) {
    this.#fingerprints = fingerprints;
  }

  /** @param browser the value of the browser's own, long-lived cookie */
  remember(tx: Queryable, browser: string, accountId: string): Promise<void> {
    const own = this.#idOf(browser);
    return insertRemembered(tx, { browser: own, accountId, days: rememberedDays });
  }

  isRemembered(db: Queryable, browser: string, accountId: string): Promise<boolean> {
    return isRemembered(db, { browser: this.#idOf(browser), accountId });
  }

  #idOf(browser: string): string {
    return this.#fingerprints.of('remembered browser', browser);
  }
}
