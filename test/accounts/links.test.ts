import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { setEmail, setStatus } from '../../src/accounts/accounts.store.ts';
import { EmailLinks } from '../../src/accounts/links.ts';
import type { Database } from '../../src/database/database.ts';
import { addAccount, type Community, countingQueries, openCommunity } from './community.ts';

let community: Community;
let db: Database;
let links: EmailLinks;

beforeAll(async () => {
  community = await openCommunity();
  db = community.db;
  links = new EmailLinks(community.fingerprints);
});
afterAll(() => community.close());

const purpose = 'recovery';
let people = 0;

async function linkFor() {
  people += 1;
  const account = await addAccount(community, { address: `person${people}@example.org` });
  const link = {
    tenantId: account.tenantId,
    accountId: account.id,
    emailKey: account.emailKey as string,
  };
  return { link, token: await links.issueLink(db, { purpose, ...link }) };
}

describe('a link by mail', () => {
  test('may be looked at often, and is used once', async () => {
    const { link, token } = await linkFor();
    assert.match(token, /^[\w-]{43}$/);
    assert.deepEqual(await links.peekLink(db, { purpose, token }), link);
    assert.deepEqual(await links.peekLink(db, { purpose, token }), link);
    assert.deepEqual(await links.redeemLink(db, { purpose, token }), link);
    assert.equal(await links.redeemLink(db, { purpose, token }), undefined);
    assert.equal(await links.peekLink(db, { purpose, token }), undefined);
  });

  test('is used by exactly one of fifty at once, over two instances', async () => {
    const { token } = await linkFor();
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (community.instances[index % 2] as Database).transaction((tx) =>
          links.redeemLink(tx, { purpose, token }),
        ),
      ),
    );
    assert.equal(results.filter(Boolean).length, 1);
  });

  test('is worth nothing for another purpose, or when it was guessed', async () => {
    const { token } = await linkFor();
    assert.equal(await links.redeemLink(db, { purpose: 'email-change', token }), undefined);
    assert.equal(await links.redeemLink(db, { purpose, token: `${token}A` }), undefined);
    assert.equal(await links.redeemLink(db, { purpose, token: '' }), undefined);
  });

  test('is replaced by the next one', async () => {
    const { link, token } = await linkFor();
    const next = await links.issueLink(db, { purpose, ...link });
    assert.equal(await links.redeemLink(db, { purpose, token }), undefined);
    assert.deepEqual(await links.redeemLink(db, { purpose, token: next }), link);
  });

  test('expires', async () => {
    const { link, token } = await linkFor();
    await db.query('update email_links set expires_at = now() where account_id = $1', [
      link.accountId,
    ]);
    assert.equal(await links.peekLink(db, { purpose, token }), undefined);
    assert.equal(await links.redeemLink(db, { purpose, token }), undefined);
  });

  test('recovers nothing once the address is another, or the account disabled', async () => {
    const moved = await linkFor();
    await setEmail(db, moved.link.accountId, {
      email: 'new@example.org',
      emailKey: 'new@example.org',
    });
    assert.equal(await links.redeemLink(db, { purpose, token: moved.token }), undefined);
    const disabled = await linkFor();
    await setStatus(db, disabled.link.accountId, 'disabled');
    assert.equal(await links.redeemLink(db, { purpose, token: disabled.token }), undefined);
  });

  test('recovers nothing in a suspended tenant', async () => {
    const { token } = await linkFor();
    const suspend = (status: string) =>
      db.query('update tenants set status = $2 where id = $1', [community.tenantId, status]);
    await suspend('suspended');
    assert.equal(await links.redeemLink(db, { purpose, token }), undefined);
    await suspend('active');
    assert.ok(await links.redeemLink(db, { purpose, token }));
  });

  test('is stored as a fingerprint only', async () => {
    const { link, token } = await linkFor();
    const rows = await db.query<{ text: string }>(
      'select email_links::text as text from email_links where account_id = $1',
      [link.accountId],
    );
    assert.equal(rows.length, 1);
    assert.ok(!rows[0]?.text.includes(token));
  });

  test('costs the same statements where there is no account, and opens nothing', async () => {
    const { link } = await linkFor();
    const known = countingQueries(db);
    await links.issueLink(known, { purpose, ...link });
    const unknown = countingQueries(db);
    const nobody = { tenantId: null, accountId: null, emailKey: 'nobody@example.org' };
    const token = await links.issueLink(unknown, { purpose, ...nobody });
    assert.deepEqual(unknown.texts, known.texts);
    assert.equal(await links.redeemLink(db, { purpose, token }), undefined);
  });
});
