import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, enterPassword, newVisitor } from '../oidc/application.ts';
import { furnish, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import { prepareService } from '../support/service.ts';
import { type Claims, stranger } from './person.ts';
import { PlainProvider, plainClient } from './plain-provider.ts';

describe('a logout at the provider', () => {
  let provider: PlainProvider;
  let world: World;
  let app: Application;

  beforeAll(async () => {
    const prepared = await prepareService({ env: { UPSTREAM_ALLOWED_NETWORKS: '127.0.0.1/32' } });
    provider = await PlainProvider.start();
    world = await furnish(await prepared.start());
    app = await Application.of(world);
    for (const [id, name] of [
      ['staff', 'Staff'],
      ['guests', 'Visitors'],
    ] as const) {
      await world.service.cli(
        ...['connections', 'add', '--tenant', 'default', '--id', id, '--name', name],
        ...['--issuer', provider.issuer, '--client-id', plainClient.id],
        ...['--auth-method', 'client_secret_post', '--secret', plainClient.secret],
      );
    }
  });
  afterAll(async () => {
    await world?.close();
    await provider?.stop();
  });

  async function send(token: string, connection = 'staff'): Promise<number> {
    const answer = await fetch(`${world.url}/callback/${connection}/logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    });
    return answer.status;
  }

  /** A browser in which the person signed in by the provider, in a session of theirs there. */
  async function signedIn(person: Claims, { sid = randomUUID(), visitor = newVisitor() } = {}) {
    const attempt = await app.request({ tenant: 'default', prompt: 'login' });
    const page = await visitor.open(attempt.url);
    provider.person = { ...person, sid };
    const arrived = await visitor.click(page, 'Staff');
    const handle = `h${stranger().sub}`;
    const back = arrived.url.pathname.endsWith('/profile')
      ? await visitor.submit(arrived, { name: 'Grace', handle }, { button: 'Continue' })
      : arrived;
    const sub = (await app.redeem(attempt, back)).claims()?.sub ?? '';
    return { visitor, sid, sub, stays: () => stays(visitor) };
  }

  async function stays(visitor: Visitor): Promise<boolean> {
    const silent = await app.request({ tenant: 'default', prompt: 'none' });
    return (await visitor.open(silent.url)).url.searchParams.has('code');
  }

  test('by session ends that one and no other of the person', async () => {
    const person = stranger();
    const [one, two] = [await signedIn(person), await signedIn(person)];
    assert.equal(one.sub, two.sub);
    assert.equal(await send(await provider.logoutToken({ sid: one.sid })), 200);
    assert.deepEqual([await one.stays(), await two.stays()], [false, true]);
    const both = await provider.logoutToken({ sid: two.sid, sub: stranger().sub });
    assert.equal(await send(both), 200);
    assert.ok(await two.stays(), 'it names somebody else');
  });

  test('by subject ends all that began there, and nothing that began otherwise', async () => {
    const person = stranger();
    const [one, two, other] = [
      await signedIn(person),
      await signedIn(person),
      await signedIn(stranger()),
    ];
    const local = newVisitor();
    const owner = await world.addPerson();
    await world.database.query('update identities set account_id = $1 where account_id = $2', [
      owner.id,
      one.sub,
    ]);
    const page = await local.open((await app.request({ tenant: 'default' })).url);
    await enterPassword(local, page, owner);
    const linked = await signedIn(person);
    assert.equal(linked.sub, owner.id);
    assert.equal(await send(await provider.logoutToken({ sub: person.sub }), 'guests'), 200);
    assert.ok(await linked.stays(), 'another connection, though it is the same provider');
    assert.equal(await send(await provider.logoutToken({ sub: person.sub })), 200);
    const left = [one, two, linked].map(({ stays }) => stays());
    assert.deepEqual(await Promise.all(left), [false, false, false]);
    assert.ok(await other.stays());
    assert.ok(await stays(local), 'a session by password of the same account');
  });

  test('must be signed, recent, for us, about somebody, and no ID token', async () => {
    const { sid, visitor, ...rest } = await signedIn(stranger());
    const { privateKey } = await generateKeyPair('ES256');
    const now = Math.floor(Date.now() / 1000);
    const good = await provider.logoutToken({ sid });
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1]}.`;
    const forged = {
      'another key': await provider.logoutToken({ sid }, privateKey),
      'no signature': unsigned,
      'another audience': await provider.logoutToken({ sid, aud: 'somebody-else' }),
      'another issuer': await provider.logoutToken({ sid, iss: 'https://evil.example' }),
      'a nonce': await provider.logoutToken({ sid, nonce: 'n' }),
      'no event': await provider.logoutToken({ sid, events: {} }),
      'another event': await provider.logoutToken({ sid, events: { 'urn:x': {} } }),
      'no id': await provider.logoutToken({ sid, jti: undefined }),
      nobody: await provider.logoutToken({}),
      'long ago': await provider.logoutToken({ sid, iat: now - 600 }),
      expired: await provider.logoutToken({ sid, exp: now - 60 }),
      nonsense: 'nonsense',
      nothing: '',
    };
    for (const [what, token] of Object.entries(forged)) assert.equal(await send(token), 400, what);
    assert.equal(await send(good, 'nowhere'), 400);
    assert.ok(await rest.stays());
    assert.equal(await send(good), 200);
    assert.equal(await rest.stays(), false);
  });

  test('counts once, however often it is sent', async () => {
    const person = stranger();
    const first = await signedIn(person);
    const token = await provider.logoutToken({ sub: person.sub });
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(token)));
    assert.deepEqual(answers.toSorted(), [200, 400, 400, 400, 400]);
    assert.equal(await first.stays(), false);
    const later = await signedIn(person);
    assert.equal(await send(token), 400, 'kept by somebody until the person is back');
    assert.ok(await later.stays());
  });
});
