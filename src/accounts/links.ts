import { randomBytes } from 'node:crypto';
import type { Queryable } from '../database/database.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import { consumeLink, liveLink, replaceLink } from './links.store.ts';

export type LinkPurpose = 'recovery' | 'email-change';

export type Link = { tenantId: string; accountId: string; emailKey: string };

/** A link is opened in any browser, so it is worth nothing for longer than it must be. */
const linkMinutes: Record<LinkPurpose, number> = { recovery: 30, 'email-change': 60 };

/** Links that prove an email address: 256 random bits, of which only an HMAC is stored. */
export class EmailLinks {
  readonly #fingerprints: Fingerprints;

  constructor(fingerprints: Fingerprints) {
    this.#fingerprints = fingerprints;
  }

  /**
   * Makes a link; an earlier one of the same account and purpose is worth nothing from now.
   *
   * @param order `accountId` is null where there is no account: the same work for a token that
   *   opens nothing. `emailKey` is the account's address for `recovery`, the new one for
   *   `email-change`.
   */
  async issueLink(
    tx: Queryable,
    order: {
      purpose: LinkPurpose;
      tenantId: string | null;
      accountId: string | null;
      emailKey: string;
    },
  ): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    await replaceLink(tx, {
      ...order,
      id: this.#idOf(order.purpose, token),
      minutes: linkMinutes[order.purpose],
    });
    return token;
  }

  /** For the page that asks to confirm; changes nothing, so mail scanners may open it. */
  peekLink(
    db: Queryable,
    link: { purpose: LinkPurpose; token: string },
  ): Promise<Link | undefined> {
    return liveLink(db, link.purpose, this.#idOf(link.purpose, link.token));
  }

  /**
   * Uses a link up, once.
   *
   * @returns nothing where it is unknown, used, expired or replaced, where account or tenant are
   *   not active any more, or where a recovery's address is no longer that of the account
   */
  redeemLink(
    tx: Queryable,
    link: { purpose: LinkPurpose; token: string },
  ): Promise<Link | undefined> {
    return consumeLink(tx, link.purpose, this.#idOf(link.purpose, link.token));
  }

  #idOf(purpose: LinkPurpose, token: string): string {
    return this.#fingerprints.of('email link', JSON.stringify([purpose, token]));
  }
}
