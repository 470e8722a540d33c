import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GiveUp } from '../jobs/task.ts';
import type { RenderedMail } from './render.ts';

export type Letter = RenderedMail & {
  /** The row's: a mail that is delivered twice has the same Message-ID both times. */
  id: string;
  /** One address, already checked. */
  to: string;
  date: Date;
};

/**
 * @throws GiveUp when the recipient's server said no for good (a 5xx reply to RCPT TO or DATA), any
 *   other error when trying again may help
 */
export type Deliver = (letter: Letter) => Promise<void>;

export function smtpDelivery(smtpUrl: string, from: string): Deliver {
  return async (letter) => {
    const { createTransport } = await import('nodemailer');
    const transport = createTransport({
      url: smtpUrl,
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 30_000,
    });
    try {
      await transport.sendMail(await compose(letter, from));
    } catch (error) {
      throw refusal(error) ?? error;
    } finally {
      transport.close();
    }
  };
}

/** For development: a real message as a file, and what a person would read on the console. */
export function folderDelivery(
  folder: string,
  from: string,
  print: (text: string) => void = console.info,
): Deliver {
  return async (letter) => {
    const { createTransport } = await import('nodemailer');
    const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
    const { message } = await transport.sendMail(await compose(letter, from));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const stamp = new Date().toISOString().replaceAll(':', '-');
    const path = join(folder, `${stamp}-${letter.id}.eml`);
    // Renamed into place, so that a reader never sees half a message.
    await writeFile(`${path}.part`, message as Buffer, { mode: 0o600 });
    await rename(`${path}.part`, path);
    print(
      `Mail to ${letter.to}: ${letter.subject} (${path})\n${letter.text.replace(/^/gm, '  | ')}`,
    );
  };
}

async function compose({ id, to, date, subject, text, html }: Letter, from: string) {
  const { default: parseAddresses } = await import('nodemailer/lib/addressparser');
  const sender = parseAddresses(from, { flatten: true })[0]?.address ?? from;
  return {
    from,
    to: { name: '', address: to },
    envelope: { from: sender, to: [to] },
    messageId: `<${id}@${sender.slice(sender.lastIndexOf('@') + 1)}>`,
    date,
    subject: subject.replace(/\p{Cc}+/gu, ' '),
    text,
    html,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** In our words: the server's often repeat the address. */
function refusal(error: unknown): GiveUp | undefined {
  const { responseCode = 0, command } = error as { responseCode?: number; command?: string };
  const final = responseCode >= 500 && (command === 'RCPT TO' || command === 'DATA');
  return final ? new GiveUp(`The mail was refused: ${responseCode} to ${command}`) : undefined;
}
