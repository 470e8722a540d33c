import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database, Queryable } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { MailQueue, type MailRequest } from '../../src/mail/queue.ts';
import { type MailTaskOptions, mailTasks } from '../../src/mail/send.ts';
import { Fingerprints } from '../../src/secrets/fingerprints.ts';
import { KeyRing } from '../../src/secrets/keyring.ts';
import { testDatabase } from '../support/postgres.ts';

type Letter = Omit<MailRequest, 'params'> & { params: object };

export type Outbox = {
  database: Database;
  dataDir: string;
  /** The encryption key. */
  key: Buffer;
  queueIn(tx: Queryable, mail?: Partial<Letter>): Promise<boolean>;
  queue(mail?: Partial<Letter>): Promise<boolean>;
  /** Everything that is queued, once. @returns what failed */
  sendAll(options?: Partial<MailTaskOptions>): Promise<Error[]>;
  close(): Promise<void>;
};

/** A mail queue on a database of its own, whose jobs are run by hand. */
export async function openOutbox(): Promise<Outbox> {
  const { url, drop } = await testDatabase();
  const database = await openDatabase({ url, poolSize: 10 });
  const dataDir = await mkdtemp(join(tmpdir(), 'outbox-'));
  const key = randomBytes(32);
  const ring = new KeyRing([key]);
  const mails = new MailQueue({ ring, fingerprints: new Fingerprints(randomBytes(32)) });
  const queueIn: Outbox['queueIn'] = (tx, mail = {}) =>
    mails.queue(tx, {
      tenantId: null,
      to: 'ann@example.org',
      template: 'code',
      locale: 'en',
      params: { code: '123456' },
      ...mail,
      // What is in it is the registry's affair, and looked at when it is rendered.
    } as MailRequest);
  return {
    database,
    dataDir,
    key,
    queueIn,
    queue: (mail) => database.transaction((tx) => queueIn(tx, mail)),
    async sendAll(options = {}) {
      const send = mailTasks({
        database,
        ring,
        mailFrom: 'OpenMeet <no-reply@id.example>',
        dataDir,
        print: () => {},
        render: (template, locale, params) => ({
          subject: `${template} in ${locale}`,
          text: JSON.stringify(params),
          html: '<p>Hello</p>',
        }),
        ...options,
      });
      const failures: Error[] = [];
      const rows = await database.query<{ id: string }>(
        'select id from mails where sealed is not null order by created_at',
      );
      for (const { id } of rows) {
        const context = { jobId: '1', attempt: 1, last: false };
        await send['send-mail']({ id }, context).catch((error) => failures.push(error));
      }
      return failures;
    },
    async close() {
      await database.close();
      await drop();
      await rm(dataDir, { recursive: true });
    },
  };
}
