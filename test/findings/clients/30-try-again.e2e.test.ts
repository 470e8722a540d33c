import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { join, password } from '../../e2e/newcomer.ts';
import { startWorld, type World } from '../../e2e/world.ts';

describe('a sign-in that ends at Synapse without one', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ synapse: { webClient: 'https://another-client.example/' } });
  });
  afterAll(() => world?.stop());

  test('says why, and is tried again in the client that asked', async () => {
    await join(world, { email: 'ann@example.org', name: 'Ann', handle: 'ann', password });
    const revoked = (state: string) =>
      world.sql(`update accounts set matrix_access = $1 where email = 'ann@example.org'`, [state]);
    await revoked('revoked');
    const ann = await world.newPerson();
    await ann.beginSignIn();
    await ann.send({ email: 'ann', password });
    assert.equal(await ann.heading(), 'Your chat access is switched off');
    await ann.follow(/^Back to/);
    assert.equal(new URL(ann.page.url()).origin, world.synapse.url);
    assert.equal(await ann.heading(), 'Your chat access is switched off');
    assert.ok(!(await ann.page.getByText('another-client').isVisible()));
    await revoked('active');
    await ann.follow('Try again');
    assert.equal((await ann.arrive()).userId, '@ann:matrix.example');
  });

  test('leads nowhere else, whatever stands in a link to Synapse’s page', async () => {
    const { page } = await world.newPerson();
    for (const name of ['redirectUrl', 'session']) {
      const query = new URLSearchParams({
        error: 'access_denied',
        [name]: 'javascript:alert(1)//',
      });
      await page.goto(`${world.synapse.url}/_synapse/client/oidc/callback?${query}`);
      const address = await page.getByRole('link', { name: 'Try again' }).getAttribute('href');
      const target = new URL(String(address), page.url());
      assert.equal(target.origin, world.synapse.url);
      assert.match(target.pathname, /^\/_matrix\/client\/v3\/(login\/sso|auth)\//);
    }
  });

  test('without scripts is told to go back', async () => {
    const { page } = await world.newPerson({ javaScriptEnabled: false });
    await page.goto(`${world.synapse.url}/_synapse/client/oidc/callback?error=access_denied`);
    assert.ok(await page.getByText('go back to the app you came from').isVisible());
    assert.ok(!(await page.getByText('Try again', { exact: true }).isVisible()));
  });
});
