import { randomUUID } from 'node:crypto';
import type { Mail } from '../../views/mail-registry.ts';
import type { Queryable } from '../database/database.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { mailbox, oneAddress } from './address.ts';
import { insertMail } from './mails.store.ts';
import { sealMail } from './sealed-mail.ts';

export type MailRequest = Mail & {
  tenantId: string | null;
  to: string;
  locale: string;
  /**
   * Whose share of the recipient's cap this is, where not everybody's: a browser that is known to be
   * the recipient's own, whom strangers must not be able to cut off from mail.
   */
  onBehalfOf?: string;
};

/** Puts a mail into the outbox; false where its recipient had enough mail. */
export type QueueMail = (tx: Queryable, mail: MailRequest) => Promise<boolean>;

/** Puts mail into the outbox in the transaction of its reason; the worker delivers it. */
export class MailQueue {
  readonly #ring: KeyRing;
  readonly #fingerprints: Fingerprints;

  constructor({ ring, fingerprints }: { ring: KeyRing; fingerprints: Fingerprints }) {
    this.#ring = ring;
    this.#fingerprints = fingerprints;
  }

  /**
   * The same work whether the mail is queued or the recipient's cap is reached.
   *
   * @returns whether it was queued
   * @throws AppError `mail_recipient_invalid`
   */
  queue(tx: Queryable, mail: MailRequest): Promise<boolean> {
    const { tenantId, to, template, locale, params, onBehalfOf } = mail;
    const id = randomUUID();
    const share = onBehalfOf ? JSON.stringify([mailbox(to), onBehalfOf]) : mailbox(to);
    return insertMail(tx, {
      id,
      tenantId,
      recipient: this.#fingerprints.of('mail-recipient', share),
      template,
      sealed: sealMail(this.#ring, { id, tenantId }, { to: oneAddress(to), locale, params }),
    });
  }
}
