import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, answerOf, newVisitor } from '../../oidc/application.ts';
import { openWorld, type World } from '../../oidc/world.ts';

const off = /client-ID metadata documents are not enabled here/;

describe('a client that nobody added', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  const post = (path: string, body: string | URLSearchParams, type?: string) =>
    fetch(`${world.issuer}${path}`, {
      method: 'POST',
      body,
      headers: type ? { 'content-type': type, accept: 'text/html' } : {},
    });
  const errorOf = async (answer: Response) =>
    (await answer.json()) as { error: string; error_description: string };

  test('is told that it cannot register itself, by an error that stays the same', async () => {
    const metadata = JSON.stringify({ redirect_uris: ['https://app.example/callback'] });
    for (const [body, type] of [
      [metadata, 'application/json'],
      ['no metadata', 'text/plain'],
    ] as const) {
      const answer = await post('/reg', body, type);
      assert.equal(answer.status, 403);
      assert.equal((await errorOf(answer)).error, 'registration_not_supported');
    }
    const elsewhere = await newVisitor().fetch(`${world.issuer}/reg/some-client`);
    assert.equal(elsewhere.status, 404);
  });

  test('is told that the address of its metadata is no client id, and nobody calls it', async () => {
    let calls = 0;
    const server = createServer((socket) => {
      calls += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client_id = `https://127.0.0.1:${(server.address() as AddressInfo).port}/client.json`;
    const params = new URLSearchParams({
      client_id,
      response_type: 'code',
      redirect_uri: 'https://app.example/callback',
      scope: 'openid',
      grant_type: 'client_credentials',
    });
    const page = await newVisitor().open(`${world.issuer}/auth?${params}`);
    assert.equal(page.status, 400);
    assert.match(page.text, off);
    for (const path of ['/par', '/token', '/device/auth']) {
      const { error, error_description } = await errorOf(await post(path, params));
      assert.equal(error, 'invalid_client', path);
      assert.match(error_description, off);
    }
    server.close();
    assert.equal(calls, 0);
  });

  test('is told no more where its id is a mere name', async () => {
    const params = new URLSearchParams({ client_id: 'nobody', response_type: 'code' });
    const page = await newVisitor().open(`${world.issuer}/auth?${params}`);
    assert.equal(page.status, 400);
    assert.doesNotMatch(page.text, off);
  });

  test('is offered neither way in the metadata, nor registers by its request', async () => {
    const app = await Application.of(world);
    const metadata = app.config.serverMetadata();
    assert.equal(metadata.registration_endpoint, undefined);
    assert.ok(!metadata.client_id_metadata_document_supported);
    const { url } = await app.request({ registration: '{}' });
    assert.equal(answerOf(await newVisitor().open(url)).error, 'registration_not_supported');
  });
});
