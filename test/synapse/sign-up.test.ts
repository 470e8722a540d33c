import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Visitor } from '../support/forms.ts';
import { codeIn } from '../support/mail.ts';
import type { Page } from '../support/page.ts';
import { type Platform, startPlatform } from '../support/platform.ts';

type User = { displayname: string; external_ids: { auth_provider: string }[] };

describe('a sign-up from a Matrix client, without scripts', { timeout: 120_000 }, () => {
  const client = 'https://chat.example/';
  let platform: Platform;

  beforeAll(async () => {
    platform = await startPlatform({ webClients: [client], synapse: { webClient: client } });
  });
  afterAll(() => platform?.stop());

  const newVisitor = () => new Visitor({ stopAt: ({ href }) => href.startsWith(client) });
  const open = (visitor: Visitor) => {
    const query = new URLSearchParams({ redirectUrl: client });
    const path = `/_matrix/client/v3/login/sso/redirect/oidc-openmeet?${query}`;
    return visitor.open(`${platform.synapse.url}${path}`);
  };
  const logIn = async (visitor: Visitor, page: Page) => {
    const token = page.url.searchParams.get('loginToken');
    const answer = await visitor.fetch(`${platform.synapse.url}/_matrix/client/v3/login`, {
      method: 'POST',
      body: JSON.stringify({ type: 'm.login.token', token }),
      headers: { 'content-type': 'application/json' },
    });
    return answer.json<{ user_id: string }>().user_id;
  };

  test('ends in the client as the handle that was chosen, and so does the next sign-in', async () => {
    const visitor = newVisitor();
    let page = await visitor.click(await open(visitor), 'Create an account');
    page = await visitor.submit(page, { email: 'ann@example.org' });
    const mail = await platform.service.mailbox.waitForMail('ann@example.org');
    page = await visitor.submit(page, { code: codeIn(mail) });
    page = await visitor.submit(page, { name: 'Ann Lee', handle: 'ann.lee' });
    page = await visitor.submit(page, {}, { button: /skip/i });
    assert.equal(await logIn(visitor, page), '@ann.lee:matrix.example');
    assert.equal(await logIn(visitor, await open(visitor)), '@ann.lee:matrix.example');

    const path = '/_synapse/admin/v2/users/@ann.lee:matrix.example';
    const user = await platform.synapse.admin<User>('GET', path);
    assert.equal(user.displayname, 'Ann Lee');
    assert.deepEqual(
      user.external_ids.map(({ auth_provider }) => auth_provider),
      ['oidc-openmeet'],
    );
  });

  test('can be given up, which Synapse tells in words of ours', async () => {
    const visitor = newVisitor();
    const end = await visitor.click(await open(visitor), /cancel/i);
    assert.equal(end.heading, 'Sign-in was cancelled');
    assert.equal(end.url.searchParams.get('redirectUrl'), client);
  });
});
