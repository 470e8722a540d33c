import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { Inbox, type Mail, parseMail } from './mail.ts';

export type MailServer = {
  /** For SMTP_URL. */
  url: string;
  inbox: Inbox;
  /** How many of the next messages are refused with this reply; 451 is a passing trouble. */
  refuse(count: number, responseCode?: number): void;
  stop(): Promise<void>;
};

/** A real SMTP server on the loopback that keeps what it is sent. */
export async function startMailServer(): Promise<MailServer> {
  const mails: Mail[] = [];
  let refusals = { left: 0, responseCode: 451 };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onData(stream, session, done) {
      const recipients = session.envelope.rcptTo.map(({ address }) => address.toLowerCase());
      const receive = async () => {
        const email = await parseMail(await buffer(stream));
        if (refusals.left > 0) {
          refusals.left -= 1;
          throw Object.assign(new Error('Not now'), { responseCode: refusals.responseCode });
        }
        mails.push({ ...email, recipients });
      };
      receive().then(() => done(), done);
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    inbox: new Inbox(() => mails),
    refuse: (left, responseCode = 451) => {
      refusals = { left, responseCode };
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
