import { join } from 'node:path';
import { z } from 'zod';
import type { Database } from '../database/database.ts';
import { GiveUp, type Task } from '../jobs/task.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { findUnsentMail, markFailed, markSent, removeOldMails } from './mails.store.ts';
import { openMail } from './sealed-mail.ts';
import { folderDelivery, MailRefused, smtpDelivery } from './transport.ts';

export type Rendered = { subject: string; text: string; html: string };

export type MailTaskOptions = {
  database: Database;
  ring: KeyRing;
  render: (template: string, locale: string, params: object) => Rendered | Promise<Rendered>;
  mailFrom: string;
  /** Not given: mail is written to the folder `mail` in `dataDir`, and to the console. */
  smtpUrl?: string;
  dataDir: string;
  print?: (text: string) => void;
};

const payloadSchema = z.object({ id: z.uuid() });

/** The task that delivers the outbox. */
export function mailTasks(options: MailTaskOptions): Record<'send-mail', Task> {
  const { database, ring, render, mailFrom, smtpUrl, dataDir, print } = options;
  const deliver = smtpUrl
    ? smtpDelivery(smtpUrl, mailFrom)
    : folderDelivery(join(dataDir, 'mail'), mailFrom, print);
  return {
    async 'send-mail'(payload, { last }) {
      const mail = await findUnsentMail(database, payloadSchema.parse(payload).id);
      if (!mail) return;
      const { to, locale, params } = openMail(ring, mail, mail.sealed);
      const rendered = await render(mail.template, locale, params);
      try {
        await deliver({ ...rendered, id: mail.id, to, date: mail.createdAt });
      } catch (error) {
        const refused = error instanceof MailRefused;
        await markFailed(database, mail.id, { error: describe(error), final: refused || last });
        if (refused) throw new GiveUp(`The mail was refused: ${error.message}`);
        throw new Error(`The mail was not accepted: ${describe(error)}`);
      }
      await markSent(database, mail.id);
    },
  };
}

export const mailChores = { removeOldMails };

/** Codes only: what servers say often repeats the address. */
function describe(error: unknown): string {
  if (error instanceof MailRefused) return error.message;
  const { code, responseCode, command } = error as Record<string, string | number | undefined>;
  return [code, responseCode, command].filter(Boolean).join(' ') || 'unknown error';
}
