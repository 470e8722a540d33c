import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { codeIn } from '../support/mail.ts';
import { type Service, startService } from '../support/service.ts';
import { Application, newVisitor } from './application.ts';
import { openWorld, type World } from './world.ts';

describe('a web process and a worker', () => {
  let world: World;
  let worker: Service;
  beforeAll(async () => {
    world = await openWorld({ env: { ROLE: 'web' } });
    const { databaseUrl, dataDir } = world.service;
    worker = await startService({
      databaseUrl,
      env: { ROLE: 'worker', ENCRYPTION_KEYS_FILE: join(dataDir, 'secrets', 'encryption-keys') },
    });
  });
  afterAll(async () => {
    await worker.stop();
    await world.close();
  });

  test('share the work: what one queues, the other does', async () => {
    const app = await Application.of(world);
    const visitor = newVisitor();
    const signUp = await visitor.open((await app.request({ prompt: 'create' })).url);
    const code = await visitor.submit(signUp, { email: 'ada@mail.example' });
    const mail = await worker.mailbox.waitForMail('ada@mail.example');
    const profile = await visitor.submit(code, { code: codeIn(mail) });
    assert.match(profile.heading, /handle/);
  });

  test('are told apart: a worker serves its health, and no page or token', async () => {
    assert.equal((await fetch(`${worker.url}/health/ready`)).status, 200);
    for (const path of ['/oidc/.well-known/openid-configuration', '/', '/account', '/internal']) {
      assert.equal((await fetch(`${worker.url}${path}`)).status, 404, path);
    }
  });
});
