import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { providerBlock, signInSettings } from '../../src/matrix/provider-block.ts';
import { Visitor } from '../support/forms.ts';
import type { Page } from '../support/page.ts';
import { freePorts } from '../support/ports.ts';
import { type Synapse, startSynapse } from '../support/synapse.ts';
import { type BareProvider, client, startBareProvider } from './bare-provider.ts';

type User = { displayname: string; threepids: { address: string }[]; external_ids: object[] };

describe('a Synapse with our provider block', { timeout: 120_000 }, () => {
  let provider: BareProvider;
  let synapse: Synapse;

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    provider = await startBareProvider(`http://127.0.0.1:${port}/_synapse/client/oidc/callback`);
    const block = providerBlock({
      issuer: provider.issuer,
      idpId: 'openmeet',
      idpName: 'OpenMeet',
      clientId: client.id,
      clientSecret: { value: client.secret },
    });
    synapse = await startSynapse({
      port,
      signIn: signInSettings([block], { webClients: ['http://chat.example'] }),
      webClient: 'https://chat.example/?a="b"',
    });
  });
  afterAll(async () => {
    await synapse?.stop();
    await provider?.stop();
  });

  /** What every Matrix client opens, up to the provider's own sign-in page. */
  const open = (visitor: Visitor, back = 'http://chat.example/') =>
    visitor.open(
      `${synapse.url}/_matrix/client/v3/login/sso/redirect/oidc-openmeet?redirectUrl=${encodeURIComponent(back)}`,
    );
  const signIn = async (visitor: Visitor, page: Page, login: string) =>
    visitor.submit(await visitor.submit(page, { login, password: 'x' }));
  const newVisitor = () => new Visitor({ stopAt: ({ hostname }) => hostname === 'chat.example' });

  test('makes the Matrix user that the ID token names, and signs it in', async () => {
    const visitor = newVisitor();
    const end = await signIn(visitor, await open(visitor), 'carol');
    const token = end.url.searchParams.get('loginToken');
    const answer = await visitor.fetch(`${synapse.url}/_matrix/client/v3/login`, {
      method: 'POST',
      body: JSON.stringify({ type: 'm.login.token', token }),
      headers: { 'content-type': 'application/json' },
    });
    const login = answer.json<{ user_id: string; tenant_id: string }>();
    assert.equal(login.user_id, '@carol:matrix.example');
    assert.equal(login.tenant_id, 'acme');
    const user = await synapse.admin<User>('GET', '/_synapse/admin/v2/users/@carol:matrix.example');
    assert.equal(user.displayname, 'Name of carol');
    assert.deepEqual(
      user.threepids.map(({ address }) => address),
      ['carol@example.org'],
    );
    assert.deepEqual(user.external_ids, [{ auth_provider: 'oidc-openmeet', external_id: 'carol' }]);
  });

  test('knows no address that the provider has not verified', async () => {
    const visitor = newVisitor();
    await signIn(visitor, await open(visitor), 'unproved');
    const path = '/_synapse/admin/v2/users/@unproved:matrix.example';
    assert.deepEqual((await synapse.admin<User>('GET', path)).threepids, []);
  });

  test('refuses whoever has no handle', async () => {
    const visitor = newVisitor();
    const page = await signIn(visitor, await open(visitor), 'nameless');
    assert.equal(page.heading, 'You can’t sign in here');
  });

  test('tells who cancels how to try again', async () => {
    const visitor = newVisitor();
    const page = await open(visitor);
    const cancelled = await visitor.click(page, 'Cancel');
    assert.equal(cancelled.heading, 'You are not signed in');
    assert.match(cancelled.text, /Try again: go back to the app/);
    assert.equal(cancelled.link(/Open/).href, 'https://chat.example/?a=%22b%22');
    assert.doesNotMatch(cancelled.text, /access_denied|OIDC/);
  });

  test('shows nothing that a stranger wrote into a link to its error page', async () => {
    const visitor = newVisitor();
    const callback = `${synapse.url}/_synapse/client/oidc/callback`;
    for (const error of ['<b>evil</b>', 'evil', 'access_denied', 'mapping_error']) {
      const page = await visitor.open(
        `${callback}?${new URLSearchParams({ error, error_description: 'Send evil money' })}`,
      );
      assert.doesNotMatch(page.body, /evil/);
      assert.match(page.text, /Try again: go back to the app/);
    }
  });

  test('asks before it hands the sign-in to a client that it does not know', async () => {
    const visitor = newVisitor();
    const page = await open(visitor, 'http://chat.example.evil.example/');
    const asked = await signIn(visitor, page, 'carol');
    assert.equal(asked.heading, 'Let this app in?');
    assert.match(asked.text, /chat\.example\.evil\.example.*@carol:matrix\.example/);
    assert.match(asked.link('Continue').href, /evil\.example\/\?loginToken=/);
  });

  test('has no sign-in with a password', async () => {
    const answer = await fetch(`${synapse.url}/_matrix/client/v3/login`);
    const { flows } = (await answer.json()) as { flows: { type: string }[] };
    assert.ok(!flows.some(({ type }) => type === 'm.login.password'));
    assert.ok(flows.some(({ type }) => type === 'm.login.sso'));
  });
});
