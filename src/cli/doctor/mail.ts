import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { type Finding, look, ok } from './finding.ts';

/** As far as mail can be tried without sending any. */
export function examineMail({ smtpUrl, dataDir }: Config): Promise<Finding[]> {
  return smtpUrl ? examineServer(smtpUrl) : examineFolder(join(dataDir, 'mail'));
}

function examineServer(url: string): Promise<Finding[]> {
  const { host } = new URL(url);
  return look('mail', `Check SMTP_URL, and that ${host} can be reached from here.`, async () => {
    const { createTransport } = await import('nodemailer');
    const transport = createTransport({
      url,
      connectionTimeout: 5000,
      greetingTimeout: 5000,
      socketTimeout: 5000,
    });
    try {
      await transport.verify();
    } finally {
      transport.close();
    }
    return ok('mail', `${host} greets us and lets us in.`);
  });
}

function examineFolder(folder: string): Promise<Finding[]> {
  return look('mail', 'Let this user write to DATA_DIR, or set SMTP_URL.', async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
    return ok('mail', `Written to ${folder}.`);
  });
}
