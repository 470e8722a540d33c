import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { type Finding, failure, look, ok } from './finding.ts';

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
    } catch (error) {
      const mend = mendFor(error as Error & { code?: string });
      if (!mend) throw error;
      return failure('mail', `${host}: ${(error as Error).message}`, mend);
    } finally {
      transport.close();
    }
    return ok('mail', `${host} greets us and lets us in.`);
  });
}

/** Where what went wrong says more than that something did. */
function mendFor({ code, message }: Error & { code?: string }): string | undefined {
  if (/wrong version number|packet length too long|record layer/i.test(message)) {
    return 'This port begins in the clear: write smtp://…?requireTLS=true in SMTP_URL, or the port of TLS, which is 465 mostly.';
  }
  if (/greeting/i.test(message)) {
    return 'Nothing greets us there. If that is the port of TLS (465 mostly), begin SMTP_URL with smtps://.';
  }
  if (code === 'EAUTH') return 'Correct the user name and the password in SMTP_URL.';
  if (code === 'ETLS')
    return 'The server offers no TLS there, or not for its name: ask whoever runs it.';
  return undefined;
}

function examineFolder(folder: string): Promise<Finding[]> {
  return look('mail', 'Let this user write to DATA_DIR, or set SMTP_URL.', async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
    return ok('mail', `Written to ${folder}.`);
  });
}
