import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../oidc/application.ts';
import { openWorld, type World } from '../oidc/world.ts';
import { linkIn } from '../support/mail.ts';

const forged = {
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'https',
  'x-forwarded-port': '8443',
  'x-forwarded-prefix': '/evil',
  'x-original-host': 'evil.example',
  'x-original-url': '/evil',
  forwarded: 'host=evil.example;proto=https',
};

describe('who lies about the host', () => {
  let world: World;
  let app: Application;
  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world);
    await world.addTenant({ slug: 'acme', domain: 'chat.acme.example' });
  });
  afterAll(() => world.close());

  test('is answered with 421 by every page, and with no address of theirs', async () => {
    for (const path of ['/', '/oidc/.well-known/openid-configuration', '/oidc/jwks', '/account']) {
      for (const host of ['evil.example', 'evil.example:80', `${new URL(world.url).host}.evil`]) {
        const answer = await newVisitor().fetch(`${world.url}${path}`, { headers: { host } });
        assert.equal(answer.status, 421, `${host}${path}`);
        assert.ok(!answer.body.includes('evil'));
      }
    }
  });

  test('moves no endpoint in the discovery document', async () => {
    const url = `${world.issuer}/.well-known/openid-configuration`;
    const honest = await newVisitor().fetch(url);
    const spoofed = await newVisitor().fetch(url, { headers: forged });
    assert.equal(spoofed.body, honest.body);
    assert.ok(!spoofed.body.includes('evil'));
  });

  test('moves neither the pages of a sign-in nor its way back', async () => {
    const visitor = newVisitor({ headers: forged });
    const person = await world.addPerson();
    const tokens = await app.signIn(visitor, person);
    assert.equal(tokens.claims()?.iss, world.issuer);
    for (const url of visitor.visited) assert.ok(!url.href.includes('evil'), url.href);
  });

  test('moves no link in a mail', async () => {
    const visitor = newVisitor({ headers: forged });
    const person = await world.addPerson();
    const page = await visitor.open((await app.request()).url);
    const recovery = await visitor.click(page, /forgot/i);
    await visitor.submit(recovery, { email: person.email });
    const mail = await world.service.mailbox.waitForMail(person.email);
    assert.ok(linkIn(mail).startsWith(`${world.url}/recover?`));
    assert.ok(!`${mail.text}${mail.html}`.includes('evil'));
  });

  test('does not change the address that limits are counted for', async () => {
    const { database } = world;
    await newVisitor({ headers: { 'x-forwarded-for': '203.0.113.9' } }).open(`${world.url}/`);
    assert.ok(!world.service.logs().includes('203.0.113.9'));
    const rows = await database.query(`select 1 from audit where address = '203.0.113.9'`);
    assert.equal(rows.length, 0);
  });

  test('cannot make a redirect of ours leave by a path that looks like a host', async () => {
    const { port } = new URL(world.url);
    for (const host of ['chat.acme.example', `localhost:${port}`, `127.0.0.1:${port}`]) {
      for (const path of ['//evil.example/x', '/\\evil.example', '//evil.example/?lang=de']) {
        const answer = await requestRaw(world.url, path, host);
        const { location } = answer.headers;
        if (location === undefined) continue;
        const target = new URL(String(location), `http://${host}${path.replaceAll('\\', '/')}`);
        assert.ok(!target.hostname.includes('evil'), `${host}${path} leads to ${target.href}`);
      }
    }
  });
});

/** A request line as it is, without the tidying that URLs get. */
async function requestRaw(base: string, path: string, host: string): Promise<IncomingMessage> {
  const attempt = request(base, { path, headers: { host }, agent: false });
  attempt.end();
  const [answer] = await once(attempt, 'response');
  answer.resume();
  return answer;
}
