import PostalMime, { type Email } from 'postal-mime';
import { until } from './until.ts';

/** One parsed message, and who it went to on the wire. */
export type Mail = Email & { recipients: string[] };

export function parseMail(source: Buffer): Promise<Email> {
  return PostalMime.parse(source);
}

/** Messages in the order of their arrival; each is handed out by `waitForMail` only once. */
export class Inbox {
  readonly #look: () => Promise<Mail[]> | Mail[];
  readonly #taken = new Set<string>();

  /** `look` gives all messages so far, the oldest first. */
  constructor(look: () => Promise<Mail[]> | Mail[]) {
    this.#look = look;
  }

  async all(): Promise<Mail[]> {
    return this.#look();
  }

  /**
   * The oldest message to this address that was not handed out yet. Of new browsers people are told
   * in nearly every story, so that is only one where it is asked for.
   */
  waitForMail(
    to: string,
    { subject = /^(?!A new sign-in|Neue Anmeldung)/, timeout = 10_000 } = {},
  ): Promise<Mail> {
    const next = async () => {
      const mails = await this.#look();
      const index = mails.findIndex(
        (mail, position) =>
          !this.#taken.has(`${position}`) &&
          subject.test(mail.subject ?? '') &&
          mail.recipients.includes(to.toLowerCase()),
      );
      if (index >= 0) this.#taken.add(`${index}`);
      return mails[index];
    };
    return until(next, { what: `mail to ${to} about ${subject}`, timeout });
  }
}

/** The code a person would read in this message: a line of its own, or a run of 6 to 9 digits. */
export function codeIn(mail: Mail): string {
  const match = /(?<![\d/-])(\d[\d -]{4,10}\d)(?![\d/-])/.exec(mail.text ?? '');
  const code = match?.[1]?.replace(/\D/g, '');
  if (!code) throw new Error(`There is no code in “${mail.subject}”: ${mail.text}`);
  return code;
}

/** The first link of the plain text that matches. */
export function linkIn(mail: Mail, matching = /./): string {
  const links = mail.text?.match(/https?:\/\/[^\s<>"]+/g) ?? [];
  const link = links.find((candidate) => matching.test(candidate));
  if (!link)
    throw new Error(`There is no link like ${matching} in “${mail.subject}”: ${mail.text}`);
  return link;
}
