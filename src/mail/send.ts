import { join } from 'node:path';
import type { Database } from '../database/database.ts';
import { GiveUp, type Tasks } from '../jobs/task.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { oneAddress } from './address.ts';
import {
  findUnsentMail,
  markFailed,
  markSent,
  type QueuedMail,
  removeOldMails,
} from './mails.store.ts';
import type { RenderedMail } from './render.ts';
import { openMail } from './sealed-mail.ts';
import { folderDelivery, type Letter, smtpDelivery } from './transport.ts';

export type MailTaskOptions = {
  database: Database;
  ring: KeyRing;
  render: (template: string, locale: string, params: object) => RenderedMail;
  mailFrom: string;
  /** Not given: mail is written to the folder `mail` in `dataDir`, and to the console. */
  smtpUrl?: string;
  dataDir: string;
  print?: (text: string) => void;
};

/** The task that delivers the outbox. */
export function mailTasks(options: MailTaskOptions): Tasks<'send-mail'> {
  const { database, mailFrom, smtpUrl, dataDir, print } = options;
  const deliver = smtpUrl
    ? smtpDelivery(smtpUrl, mailFrom)
    : folderDelivery(join(dataDir, 'mail'), mailFrom, print);
  return {
    async 'send-mail'({ id }, { last }) {
      const mail = await findUnsentMail(database, id);
      if (!mail) return;
      try {
        await deliver(await letter(options, mail));
      } catch (error) {
        const final = last || error instanceof GiveUp;
        await markFailed(database, mail.id, { error: describe(error), final });
        if (error instanceof GiveUp) throw error;
        throw new Error(`The mail was not accepted: ${describe(error)}`);
      }
      await markSent(database, mail.id);
    },
  };
}

async function letter({ ring, render }: MailTaskOptions, mail: QueuedMail): Promise<Letter> {
  try {
    const { to, locale, params } = openMail(ring, mail, mail.sealed);
    const rendered = render(mail.template, locale, params);
    return { ...rendered, id: mail.id, to: oneAddress(to), date: mail.createdAt };
  } catch (cause) {
    throw new GiveUp('The mail cannot be opened or rendered', { cause });
  }
}

export const mailUpkeeps = { removeOldMails };

/** Codes only: what servers say often repeats the address. */
function describe(error: unknown): string {
  if (error instanceof GiveUp) return error.message;
  const { code, responseCode, command } = error as Record<string, string | number | undefined>;
  return [code, responseCode, command].filter(Boolean).join(' ') || 'unknown error';
}
