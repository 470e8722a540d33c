import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../oidc/application.ts';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import { until } from '../support/until.ts';

const logoutPath = '/_synapse/client/oidc/backchannel_logout';

/** A listener on the loopback that keeps the paths it was asked for. */
async function listen(answer: (response: ServerResponse) => void) {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, stop: () => server.close() };
}

describe('a URL that somebody gave us', () => {
  let world: World;
  let ada: Person;
  let synapse: Awaited<ReturnType<typeof listen>>;
  let internal: Awaited<ReturnType<typeof listen>>;
  beforeAll(async () => {
    internal = await listen((response) => response.end('secret'));
    synapse = await listen((response) => {
      response.writeHead(307, { location: `${internal.url}/redirected` }).end();
    });
    world = await openWorld({ env: { SYNAPSE_URL: synapse.url } });
    ada = await world.addPerson();
  });
  afterAll(async () => {
    await world.close();
    synapse.stop();
    internal.stop();
  });

  async function signOutOf(backchannelLogoutUri: string): Promise<void> {
    const app = await Application.of(world, { backchannelLogoutUri });
    const visitor = newVisitor();
    await app.signIn(visitor, ada);
    await visitor.submit(await visitor.open(`${world.issuer}/session/end`));
    await until(
      async () => {
        const rows = await world.database.query<{ attempts: number }>(
          `select attempts from graphile_worker._private_jobs
            where payload->>'clientId' = $1 and attempts > 0 and locked_at is null`,
          [app.client.id],
        );
        return rows.length > 0;
      },
      { what: `the logout of ${backchannelLogoutUri} to be tried` },
    );
  }

  test('is not called for a logout at a private address, unless it is the configured Synapse’s', async () => {
    for (const target of [
      internal.url,
      internal.url.replace('127.0.0.1', 'localhost'),
      internal.url.replace('http', 'https'),
      internal.url.replace('http://127.0.0.1', 'https://localhost'),
      internal.url.replace('http://127.0.0.1', 'https://[::ffff:127.0.0.1]'),
      `${synapse.url}@${new URL(internal.url).host}`,
      'http://169.254.169.254/latest/meta-data/',
    ]) {
      await signOutOf(`${target}${logoutPath}`);
    }
    assert.deepEqual(internal.asked, []);
    assert.deepEqual(synapse.asked, []);
  });

  test('is called for a logout at Synapse, whose redirects are not followed', async () => {
    await signOutOf(`${synapse.url}${logoutPath}`);
    assert.deepEqual(synapse.asked, [`POST ${logoutPath}`]);
    assert.deepEqual(internal.asked, []);
  });

  test('is not fetched from an authorization request: request_uri, claims, registration', async () => {
    const app = await Application.of(world);
    const url = internal.url;
    for (const params of [
      { request_uri: `${url}/request` },
      { registration: JSON.stringify({ logo_uri: url, jwks_uri: url }) },
      { claims: JSON.stringify({ id_token: { _claim_sources: { endpoint: url } } }) },
      { client_id: `${url}/client` },
      { resource: url },
    ] as Record<string, string>[]) {
      await newVisitor().open((await app.request(params)).url);
    }
    const body = JSON.stringify({
      redirect_uris: [url],
      jwks_uri: url,
      sector_identifier_uri: url,
    });
    const headers = { 'content-type': 'application/json' };
    const registering = await fetch(`${world.issuer}/reg`, { method: 'POST', body, headers });
    assert.equal(registering.status, 403);
    assert.deepEqual(internal.asked, []);
  });
});
