import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../../oidc/application.ts';
import { furnish, type Person, type World } from '../../oidc/world.ts';
import { prepareService } from '../../support/service.ts';
import { startTlsFront, type TlsFront } from '../../support/tls-front.ts';
import { until } from '../../support/until.ts';

/** Where the application is, for everybody but this test. */
const host = 'chat.example';
const publicAddress = '93.184.215.14';

describe('an application that wants to know of sign-outs', () => {
  let world: World;
  let ada: Person;
  let front: TlsFront;
  let directory: string;
  const heard: { path: string; type: string; form: URLSearchParams }[] = [];
  let answer: (path: string, response: ServerResponse) => void = (_, response) => response.end();

  const server = createServer(async (request, response) => {
    const { url: path = '', headers } = request;
    const form = new URLSearchParams(await text(request));
    heard.push({ path, type: headers['content-type'] ?? '', form });
    answer(path, response);
  });

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    front = await startTlsFront(host, target);
    const prepared = await prepareService();
    world = await furnish(await prepared.start(await detourTo(front)));
    ada = await world.addPerson();
  });
  afterAll(async () => {
    await world?.close();
    await front?.stop();
    server.close();
    server.closeAllConnections();
    await rm(directory, { recursive: true, force: true });
  });

  async function detourTo({ port, certificate }: TlsFront): Promise<Record<string, string>> {
    directory = await mkdtemp(join(tmpdir(), 'openmeet-trusted-'));
    const trusted = join(directory, 'certificate.pem');
    await writeFile(trusted, certificate);
    return {
      DETOUR: `${host} ${publicAddress} ${port}`,
      NODE_EXTRA_CA_CERTS: trusted,
      NODE_OPTIONS: `--import=${resolve(import.meta.dirname, '../../support/detour.ts')}`,
    };
  }

  async function signedIn(path: string) {
    const app = await Application.of(world, { backchannelLogoutUri: `https://${host}${path}` });
    const visitor = newVisitor();
    const { id_token = '' } = await app.signIn(visitor, ada);
    return { app, visitor, idToken: id_token };
  }

  const tokensAt = (path: string) => heard.filter((it) => it.path === path).map(({ form }) => form);
  const hears = (path: string, times = 1) =>
    until(async () => tokensAt(path).length >= times, {
      what: `${times} logouts at ${path}`,
      timeout: 20_000,
    });

  async function jobsFor({ client }: Application): Promise<number> {
    const jobs = await world.database.query('select from graphile_worker.jobs where key like $1', [
      `backchannel-logout:${client.id}:%`,
    ]);
    return jobs.length;
  }

  // The conformance suite's oidcc-backchannel-rp-initiated-logout looks at the same.
  test('is told by a logout token of its own (Back-Channel Logout 1.0 §2.4, §2.5)', async () => {
    const { app, visitor, idToken } = await signedIn('/told?x=1');
    await visitor.submit(await visitor.open(`${world.issuer}/session/end`));
    await hears('/told?x=1');
    const [call] = heard.filter(({ path }) => path === '/told?x=1');
    assert.match(call?.type ?? '', /^application\/x-www-form-urlencoded/);
    assert.deepEqual([...(call?.form.keys() ?? [])], ['logout_token']);
    const keys = createRemoteJWKSet(new URL(`${world.issuer}/jwks`));
    const { payload, protectedHeader } = await jwtVerify(
      call?.form.get('logout_token') ?? '',
      keys,
      {
        issuer: world.issuer,
        audience: app.client.id,
        typ: 'logout+jwt',
        requiredClaims: ['iat', 'exp', 'jti', 'sub', 'sid'],
      },
    );
    assert.equal(protectedHeader.alg, 'RS256');
    assert.deepEqual(payload.events, { 'http://schemas.openid.net/event/backchannel-logout': {} });
    assert.equal(payload.sub, ada.id);
    assert.equal(payload.sid, decodeJwt(idToken).sid);
    assert.ok(!('nonce' in payload));
  });

  test('is told when an operator ends all sessions of somebody', async () => {
    const bob = await world.addPerson();
    const app = await Application.of(world, { backchannelLogoutUri: `https://${host}/ended` });
    await app.signIn(newVisitor(), bob);
    await world.service.cli('accounts', 'sign-out', `@${bob.handle}`, '--yes');
    await hears('/ended');
  });

  test('is told again, by a new token, until it has heard', async () => {
    answer = (path, response) => {
      const busy = path === '/busy' && tokensAt(path).length === 1;
      response.writeHead(busy ? 503 : 204).end();
    };
    const { visitor } = await signedIn('/busy');
    await visitor.submit(await visitor.open(`${world.issuer}/session/end`));
    await hears('/busy', 2);
    const [first, second] = tokensAt('/busy').map((form) => form.get('logout_token') ?? '');
    assert.notEqual(decodeJwt(first ?? '').jti, decodeJwt(second ?? '').jti);
    assert.equal(decodeJwt(first ?? '').sid, decodeJwt(second ?? '').sid);
  });

  test('is told of what it began while it was being told', async () => {
    const { app, visitor } = await signedIn('/anew');
    let resume = () => {};
    answer = (path, response) => {
      if (path !== '/anew' || tokensAt(path).length > 1) return response.end();
      resume = () => response.end();
    };
    const page = await visitor.open(`${world.url}/account`);
    const disconnects = page.fill({}, { form: /revoke$/ });
    disconnects.fields.set('client', app.client.id);
    await visitor.send(disconnects, page);
    await hears('/anew');
    const attempt = await app.request();
    await app.redeem(attempt, await visitor.open(attempt.url));
    resume();
    await until(async () => (await jobsFor(app)) === 0, { what: 'the logout to be done' });
    await world.service.cli('accounts', 'sign-out', `@${ada.handle}`, '--yes');
    await hears('/anew', 2);
  });

  test('takes no more than one hand of the worker when it never answers', async () => {
    let open = 0;
    let most = 0;
    answer = (path, response) => {
      if (path !== '/hangs') return response.end();
      most = Math.max(most, ++open);
      response.once('close', () => open--);
    };
    const app = await Application.of(world, { backchannelLogoutUri: `https://${host}/hangs` });
    const browsers = Array.from({ length: 6 }, () => newVisitor());
    for (const visitor of browsers) {
      await app.signIn(visitor, ada);
      await visitor.submit(await visitor.open(`${world.issuer}/session/end`));
    }
    await hears('/hangs', 3);
    const { visitor } = await signedIn('/quick');
    await visitor.submit(await visitor.open(`${world.issuer}/session/end`));
    await hears('/quick');
    assert.equal(most, 1);
  });

  test('says where by command, by https on the internet only', async () => {
    const { cli } = world.service;
    const uri = `https://${host}/logout`;
    const redirect = ['--redirect-uri', 'https://chat.example/callback'];
    await cli('clients', 'add', '--id', 'chat', ...redirect, '--backchannel-logout-uri', uri);
    type Shown = { backchannelLogoutUri: string | null };
    const set = (value: string) =>
      cli<Shown>('clients', 'set', 'chat', '--backchannel-logout-uri', value);
    assert.equal((await set(`${uri}/2`)).backchannelLogoutUri, `${uri}/2`);
    assert.equal((await set('')).backchannelLogoutUri, null);
    await assert.rejects(set('http://chat.example/logout'));
    await assert.rejects(set('https://10.0.0.1/logout'));
  });
});
