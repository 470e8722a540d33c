import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Queryable } from '../../src/database/database.ts';
import type { QueueMail } from '../../src/mail/queue.ts';
import type { MailName } from '../../views/mail-registry.ts';
import { type Outbox, openOutbox } from './outbox.ts';

describe('the mail queue', () => {
  let outbox: Outbox;
  beforeAll(async () => {
    outbox = await openOutbox();
  });
  afterAll(() => outbox.close());

  const rows = <Row>(sql: string) => outbox.database.query<Row>(sql);

  test('keeps neither recipient nor content readable in the database', async () => {
    await outbox.queue({ to: 'secret.person@example.org', params: { code: '777123' } });
    const [mail] = await rows('select * from mails');
    const [job] = await rows('select * from graphile_worker._private_jobs');
    for (const stored of [JSON.stringify(mail), JSON.stringify(job)]) {
      assert.doesNotMatch(stored, /secret\.person|777123/);
    }
  });

  test('forgets a mail whose transaction is rolled back', async () => {
    const before = await rows('select id from mails');
    await outbox.database
      .transaction(async (tx) => {
        await outbox.queueIn(tx);
        throw new Error('changed my mind');
      })
      .catch(() => {});
    assert.equal((await rows('select id from mails')).length, before.length);
  });

  test('gives a mailbox five mails in fifteen minutes, whatever tenant, tag and concurrency', async () => {
    const tenants = ['6f9d3f9e-93a5-4d0c-8f4e-8d5ad60b5ae1', null];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        outbox.queue({
          to: index % 2 ? 'bob@example.org' : `Bob+${index}@example.org`,
          tenantId: tenants[index % 2] ?? null,
        }),
      ),
    );
    assert.equal(answers.filter(Boolean).length, 5);
    assert.equal(await outbox.queue({ to: 'bobby@example.org' }), true);
  });

  test('gives a mailbox twenty mails a day', async () => {
    let queued = 0;
    for (let quarter = 0; quarter < 6; quarter += 1) {
      for (let nth = 0; nth < 5; nth += 1) {
        if (await outbox.queue({ to: 'daily@example.org' })) queued += 1;
      }
      await rows("update mails set created_at = created_at - interval '16 minutes'");
    }
    assert.equal(queued, 20);
    await rows("update mails set created_at = created_at - interval '1 day'");
    assert.equal(await outbox.queue({ to: 'daily@example.org' }), true);
  });

  test('always has room for security notices, which do not count', async () => {
    for (let nth = 0; nth < 30; nth += 1) {
      assert.equal(
        await outbox.queue({ to: 'owner@example.org', template: 'password-changed' }),
        true,
      );
    }
    assert.equal(await outbox.queue({ to: 'owner@example.org' }), true);
  });

  test('does the same work for a capped mail', async () => {
    const statements: string[] = [];
    const counting = (to: string) =>
      outbox.database.transaction(async (tx) => {
        statements.length = 0;
        const query: typeof tx.query = (text, values) => {
          statements.push(text);
          return tx.query(text, values);
        };
        await outbox.queueIn({ ...tx, query }, { to });
        return [...statements];
      });
    const queued = await counting('carol@example.org');
    for (let nth = 0; nth < 4; nth += 1) await outbox.queue({ to: 'carol@example.org' });
    assert.equal(await outbox.queue({ to: 'carol@example.org' }), false);
    assert.deepEqual(await counting('carol@example.org'), queued);
  });

  test('refuses several recipients in one', async () => {
    await assert.rejects(outbox.queue({ to: 'a@example.org,b@example.org' }), {
      code: 'mail_recipient_invalid',
    });
  });
});

/** Never called: `npm run check` complains as soon as one of these compiles. */
void ((queue: QueueMail, tx: Queryable, template: MailName) => {
  const mail = { tenantId: null, to: 'ann@example.org', locale: 'en' };
  const params = { brand: { name: 'Acme' } };
  return [
    // @ts-expect-error no such mail
    queue(tx, { ...mail, template: 'receipt', params }),
    // @ts-expect-error without its code
    queue(tx, { ...mail, template: 'recovery', params }),
    // @ts-expect-error some of these need more
    queue(tx, { ...mail, template, params }),
  ];
});
