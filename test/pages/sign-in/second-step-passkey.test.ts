import assert from 'node:assert/strict';
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { useCredential } from '../../factors/authenticator.ts';
import { givePasskey, placeOf } from '../../factors/give-passkey.ts';
import { Application, enterPassword, newVisitor } from '../../oidc/application.ts';
import { openWorld, type World } from '../../oidc/world.ts';

const mfa = 'https://refeds.org/profile/mfa';
const claims = JSON.stringify({ id_token: { acr: { essential: true, value: mfa } } });

describe('whoever has a passkey and signs in with a password', { timeout: 120_000 }, () => {
  let world: World;
  let app: Application;
  beforeAll(async () => {
    world = await openWorld({ host: 'localhost' });
    app = await Application.of(world);
  });
  afterAll(() => world?.close());

  /** As far as the password leads. */
  async function signIn(params: Record<string, string>, tenantId = world.defaultTenantId) {
    const person = await world.addPerson({ tenantId });
    const credential = await givePasskey(world, person);
    const visitor = newVisitor();
    const attempt = await app.request(params);
    const next = await enterPassword(visitor, await visitor.open(attempt.url), person);
    return { person, credential, visitor, attempt, next };
  }

  test('is asked for it where the client insists on two factors', async () => {
    const { person, credential, visitor, attempt, next } = await signIn({ claims });
    assert.equal(next.heading, 'Use your passkey');
    assert.ok(!next.has('input[name=code]'));
    const form = next.document.querySelector('form[data-passkey]');
    const url = new URL(form?.getAttribute('data-options') ?? '', next.url);
    const asked = await visitor.fetch(url, { method: 'POST', from: next.url, body: '' });
    const options = asked.json<PublicKeyCredentialRequestOptionsJSON>();
    const answer = JSON.stringify(useCredential(options, credential, placeOf(world)));
    const done = await visitor.submit(next, { credential: answer });
    const tokens = await app.redeem(attempt, done);
    assert.equal(tokens.claims()?.sub, person.id);
    assert.equal(tokens.claims()?.acr, mfa);
  });

  test('is in by the password where nobody asks for more', async () => {
    const { next } = await signIn({});
    assert.equal(next.status, 0);
    const wished = await signIn({ acr_values: mfa });
    assert.equal(wished.next.status, 0);
  });

  test('sets up no app in its place where the community wants two steps', async () => {
    const tenant = await world.addTenant();
    await world.database.query('update tenants set mfa_required_from = now() where id = $1', [
      tenant.id,
    ]);
    const { visitor, next } = await signIn({ tenant: tenant.slug }, tenant.id);
    assert.equal(next.heading, 'Use your passkey');
    const setUp = await visitor.open(new URL('set-up', next.url));
    assert.ok(!setUp.has('.qr'));
  });
});
