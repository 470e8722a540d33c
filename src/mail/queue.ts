import { randomUUID } from 'node:crypto';
import type { Queryable } from '../database/database.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { mailbox, oneAddress } from './address.ts';
import { insertMail } from './mails.store.ts';
import { sealMail } from './sealed-mail.ts';

export type MailRequest = {
  tenantId: string | null;
  to: string;
  template: string;
  locale: string;
  params: object;
};

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
  queue(tx: Queryable, { tenantId, to, template, locale, params }: MailRequest): Promise<boolean> {
    const id = randomUUID();
    return insertMail(tx, {
      id,
      tenantId,
      recipient: this.#fingerprints.of('mail-recipient', mailbox(to)),
      template,
      sealed: sealMail(this.#ring, { id, tenantId }, { to: oneAddress(to), locale, params }),
    });
  }
}
