import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Inbox, type Mail, parseMail } from './mail.ts';

/** The mail that a service in development leaves in DATA_DIR/mail. */
export function openMailbox(dataDir: string): Inbox {
  const directory = join(dataDir, 'mail');
  const parsed = new Map<string, Mail>();
  return new Inbox(async () => {
    const names = (await fileNames(directory)).filter((name) => name.endsWith('.eml')).sort();
    // A message keeps the place at which it was first seen, whatever the files are called.
    for (const name of names) {
      if (!parsed.has(name)) parsed.set(name, await readMail(join(directory, name)));
    }
    return [...parsed.values()];
  });
}

async function readMail(path: string): Promise<Mail> {
  const email = await parseMail(await readFile(path));
  const recipients = (email.to ?? []).flatMap(({ address }) => address?.toLowerCase() ?? []);
  return { ...email, recipients };
}

async function fileNames(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
