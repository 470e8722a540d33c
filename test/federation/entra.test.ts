import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import type { Connection } from '../../src/federation/connections/connections.store.ts';
import type { UpstreamIdentity } from '../../src/federation/connector.ts';
import { OpenIdConnector } from '../../src/federation/openid.ts';
import { newSecrets } from '../../src/federation/requests.ts';
import type { Claims } from './person.ts';
import { PlainProvider, plainClient } from './plain-provider.ts';

const origin = 'https://login.microsoftonline.com';
const [tid, otherTid] = [randomUUID(), randomUUID()];

/** Somebody as Entra describes them: no `email_verified`, and a `sub` that differs by application. */
function employee(claims: Claims = {}) {
  const name = `e${randomUUID().slice(0, 8)}`;
  return {
    ...{ tid, oid: randomUUID(), sub: randomUUID(), ver: '2.0', name: 'Grace Hopper' },
    ...{ preferred_username: `${name}@corp.example`, upn: `${name}@corp.example` },
    ...{ email: `${name}@corp.example` },
    ...claims,
  };
}

describe('a directory of Entra ID', () => {
  let provider: PlainProvider;
  let elsewhere: PlainProvider;

  beforeAll(async () => {
    provider = await PlainProvider.start({ origin, path: `/${tid}/v2.0` });
    elsewhere = await PlainProvider.start({ origin, path: `/${otherTid}/v2.0` });
  });
  afterAll(() => Promise.all([provider?.stop(), elsewhere?.stop()]));
  beforeEach(() => {
    provider.tamper = () => {};
  });

  /** Stands in for DNS and TLS between us and Microsoft. */
  const reaching = (place: PlainProvider): typeof fetch => {
    return (input, init) => {
      const request = new Request(input, init);
      return fetch(new Request(request.url.replace(origin, place.url), request));
    };
  };

  function connectorTo(place: PlainProvider, changes: Partial<Connection> = {}) {
    const connection: Connection = {
      ...{ id: 'acme-entra', tenantId: randomUUID(), name: 'Acme', issuer: place.issuer },
      ...{ clientId: plainClient.id, authMethod: 'client_secret_post', secretSealed: null },
      ...{ scopes: ['openid', 'profile', 'email'], claims: {}, allowedGroups: [] },
      ...{ allowedEmailDomains: [], mfaTrusted: false, disabledAt: null, createdAt: new Date() },
      updatedAt: new Date(),
      ...changes,
    };
    const { secret } = plainClient;
    const clientKey = () => Promise.reject(new Error('a secret is used'));
    return new OpenIdConnector({ connection, secret, clientKey, fetch: reaching(place) });
  }

  /** Through its pages, which the stand-in passes by itself. */
  async function signIn(
    person: Claims,
    {
      place = provider,
      changes = {},
    }: { place?: PlainProvider; changes?: Partial<Connection> } = {},
  ): Promise<UpstreamIdentity> {
    const connector = connectorTo(place, changes);
    const request = { ...newSecrets(), redirectUri: 'https://id.example.org/callback/acme-entra' };
    place.person = person;
    const start = await connector.begin(request);
    assert.equal(start.origin, origin);
    const answer = await fetch(start.href.replace(origin, place.url), { redirect: 'manual' });
    return connector.finish(new URL(answer.headers.get('location') ?? ''), request);
  }

  test('knows people by directory and object, whatever else changes', async () => {
    const person = employee();
    const first = await signIn(person);
    assert.equal(first.subject, `${tid}/${person.oid}`);
    assert.equal(first.issuer, `${origin}/${tid}/v2.0`);
    const changed = employee({ oid: person.oid, name: 'Grace B. Hopper' });
    assert.equal(
      (await signIn(changed)).subject,
      first.subject,
      'email, name, upn and sub are new',
    );
  });

  test('never vouches for an address, which anybody with a directory may invent', async () => {
    const victim = 'ceo@corp.example';
    for (const claims of [
      { email: victim },
      { email: victim, email_verified: true },
      { email: victim, email_verified: 'true', xms_edov: true },
    ]) {
      const identity = await signIn(employee(claims));
      assert.deepEqual([identity.email, identity.emailVerified], [victim, false]);
    }
    const mapped = await signIn(employee({ upn: victim }), {
      changes: { claims: { email: 'upn' } },
    });
    assert.equal(mapped.emailVerified, false);
    const byDomain = { changes: { allowedEmailDomains: ['corp.example'] } };
    await assert.rejects(signIn(employee(), byDomain), { code: 'upstream_refused' });
  });

  test('does not let in an object of another directory, though its id is the same', async () => {
    const person = employee();
    const own = await signIn(person);
    provider.tamper = (claims) => Object.assign(claims, { tid: otherTid });
    await assert.rejects(signIn(person), { code: 'upstream_failed' });
    const there = await signIn({ ...person, tid: otherTid }, { place: elsewhere });
    assert.notEqual(there.subject, own.subject);
    assert.notEqual(there.issuer, own.issuer);
  });

  test('must name directory and object', async () => {
    for (const missing of [{ tid: undefined }, { oid: undefined }, { tid: '', oid: '' }]) {
      await assert.rejects(signIn(employee(missing)), { code: 'upstream_failed' });
    }
  });

  test('is one: all directories at once are no issuer', async () => {
    const common = await PlainProvider.start({ origin, path: '/common/v2.0' });
    try {
      const everyone = { issuer: `${origin}/{tenantid}/v2.0` };
      for (const changes of [everyone, { issuer: `${origin}/common/v2.0` }]) {
        const attempt = signIn(employee(), { place: common, changes });
        await assert.rejects(attempt, { code: 'upstream_failed' });
      }
    } finally {
      await common.stop();
    }
  });

  test('admits by groups, which it names by their objects', async () => {
    const [group, other] = [randomUUID(), randomUUID()];
    const changes = { allowedGroups: [group] };
    await signIn(employee({ groups: [other, group] }), { changes });
    // Entra leaves the claim out, and points elsewhere, for whoever is in too many.
    const overage = { _claim_names: { groups: 'src1' }, _claim_sources: {} };
    for (const claims of [{ groups: [other] }, {}, overage]) {
      const attempt = signIn(employee(claims), { changes });
      await assert.rejects(attempt, { code: 'upstream_refused' });
    }
  });

  test('ends by a logout the session that it names, and never by its own subject', async () => {
    const connector = connectorTo(provider);
    const sid = randomUUID();
    const bySession = await connector.logout(await provider.logoutToken({ sid, sub: 'pairwise' }));
    assert.deepEqual([bySession.sid, bySession.subject], [sid, undefined]);
    const bySubject = await connector.logout(await provider.logoutToken({ sub: 'pairwise' }));
    assert.deepEqual([bySubject.sid, bySubject.subject], ['', undefined], 'no session has that');
  });
});
