import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest';
import { reencryptMails } from '../../src/mail/mails.store.ts';
import { KeyRing } from '../../src/secrets/keyring.ts';
import { parseMail } from '../support/mail.ts';
import { type MailServer, startMailServer } from '../support/smtp.ts';
import { type Outbox, openOutbox } from './outbox.ts';

type MailRow = {
  sealed: string | null;
  sent_at: Date | null;
  given_up_at: Date | null;
  error: string;
};

describe('sending mail', () => {
  let outbox: Outbox;
  let server: MailServer;
  beforeAll(async () => {
    server = await startMailServer();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    outbox = await openOutbox();
  });
  afterEach(() => outbox.close());

  const bySmtp = () => outbox.sendAll({ smtpUrl: server.url });
  const row = async () => {
    const [mail] = await outbox.database.query<MailRow>('select * from mails');
    return mail as MailRow;
  };

  test('delivers by SMTP to one recipient, in text and HTML, and then forgets the content', async () => {
    await outbox.queue({ to: 'one@example.org', template: 'code', locale: 'de' });
    assert.deepEqual(await bySmtp(), []);
    const mail = await server.inbox.waitForMail('one@example.org');
    assert.deepEqual(mail.recipients, ['one@example.org']);
    assert.equal(mail.subject, 'code in de');
    assert.match(mail.text ?? '', /123456/);
    assert.match(mail.html ?? '', /<p>Hello<\/p>/);
    const header = (name: string) => mail.headers.find(({ key }) => key === name)?.value;
    assert.equal(header('auto-submitted'), 'auto-generated');
    const { sealed, sent_at } = await row();
    assert.equal(sealed, null);
    assert.ok(sent_at);
    assert.deepEqual(await bySmtp(), []);
  });

  test('tries again after a passing refusal, with the same Message-ID', async () => {
    await outbox.queue({ to: 'later@example.org' });
    server.refuse(1, 451);
    const [failure] = await bySmtp();
    assert.equal(failure?.name, 'Error');
    assert.doesNotMatch(failure?.message ?? '', /later@/);
    assert.equal((await row()).given_up_at, null);
    assert.deepEqual(await bySmtp(), []);
    const mail = await server.inbox.waitForMail('later@example.org');
    const [{ id } = { id: '' }] = await outbox.database.query<{ id: string }>(
      'select id from mails',
    );
    assert.equal(mail.messageId, `<${id}@id.example>`);
  });

  test('gives up on a lasting refusal, visibly, and can be told to try once more', async () => {
    await outbox.queue({ to: 'gone@example.org' });
    server.refuse(1, 550);
    const [failure] = await bySmtp();
    assert.equal(failure?.name, 'GiveUp');
    const { given_up_at, error } = await row();
    assert.ok(given_up_at);
    assert.equal(error, 'The mail was refused: 550 to DATA');
    assert.deepEqual(await bySmtp(), []);
    assert.equal((await row()).given_up_at, null);
    assert.ok((await row()).sent_at);
  });

  test('keeps a mail while no server answers', async () => {
    await outbox.queue();
    const [failure] = await outbox.sendAll({ smtpUrl: 'smtp://127.0.0.1:9' });
    assert.match(failure?.message ?? '', /ECONNREFUSED|ESOCKET|ECONNECTION/);
    assert.ok((await row()).sealed);
  });

  test('gives up on a mail that cannot be rendered, without telling what was in it', async () => {
    await outbox.queue({ params: { code: '998877' } });
    const [failure] = await outbox.sendAll({
      render: () => {
        throw new Error('No such template');
      },
    });
    assert.equal(failure?.name, 'GiveUp');
    assert.ok((await row()).given_up_at);
    assert.doesNotMatch(`${failure} ${JSON.stringify(await row())}`, /998877|ann@/);
  });

  test('can still be opened after the encryption key was changed', async () => {
    await outbox.queue({ to: 'rekeyed@example.org' });
    const ring = new KeyRing([randomBytes(32), outbox.key]);
    assert.equal(await reencryptMails(outbox.database, ring), 1);
    assert.equal(await reencryptMails(outbox.database, ring), 0);
    assert.deepEqual(await outbox.sendAll({ ring, smtpUrl: server.url }), []);
    await server.inbox.waitForMail('rekeyed@example.org');
  });

  test('lets no header be injected by what is rendered', async () => {
    await outbox.queue({ to: 'inject@example.org' });
    const subject = 'Hi\r\nBcc: evil@example.org\r\n\r\nbody\u0000';
    await outbox.sendAll({
      smtpUrl: server.url,
      render: () => ({ subject, text: 'text', html: '<p>html</p>' }),
    });
    const mail = await server.inbox.waitForMail('inject@example.org');
    assert.deepEqual(mail.recipients, ['inject@example.org']);
    assert.equal(mail.bcc, undefined);
    assert.match(mail.subject ?? '', /^Hi Bcc: evil@example\.org body/);
  });

  test('writes a message that only its owner may read, and prints its text, without a server', async () => {
    await outbox.queue({ to: 'dev@example.org', params: { code: '424242' } });
    const printed: string[] = [];
    assert.deepEqual(await outbox.sendAll({ print: (text) => printed.push(text) }), []);
    const [name, ...others] = await readdir(join(outbox.dataDir, 'mail'));
    assert.deepEqual(others, []);
    assert.match(name ?? '', /^\d{4}-\d\d-\d\dT.*\.eml$/);
    const path = join(outbox.dataDir, 'mail', name ?? '');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const mail = await parseMail(await readFile(path));
    assert.equal(mail.to?.[0]?.address, 'dev@example.org');
    assert.match(mail.text ?? '', /424242/);
    assert.match(printed.join('\n'), /dev@example\.org[\s\S]*424242/);
  });
});
