import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { FoundClient } from '../../src/clients/find.ts';
import { type Service, startService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { runCli, useTerminal } from './terminal.ts';

type WithSecret = FoundClient & { secret?: string };

describe('clients', () => {
  const terminal = useTerminal();

  test('a secret is made, shown once, and only its HMAC is kept', async () => {
    await terminal.json('tenants', 'add', '--slug', 'acme', '--name', 'Acme');
    const { secret = '', ...client } = await terminal.json<WithSecret>(
      ...['clients', 'add', '--id', 'chat', '--name', 'Chat', '--tenant', 'acme'],
      ...['--redirect-uri', 'https://chat.example/a', '--redirect-uri', 'https://chat.example/b'],
    );
    assert.match(secret, /^[\w-]{43}$/);
    assert.deepEqual(client.redirectUris, ['https://chat.example/a', 'https://chat.example/b']);
    assert.deepEqual([client.tenants, client.allTenants], [['acme'], false]);
    assert.deepEqual(await terminal.json('clients', 'show', 'chat'), client);
    const stored = JSON.stringify(await terminal.db.query('select * from clients'));
    assert.ok(!stored.includes(secret));
    const [row] = await terminal.db.query<{ secret_hash: string }>(
      "select secret_hash from clients where id = 'chat'",
    );
    const { stdout } = await terminal.run(['clients', 'show', 'chat']);
    assert.ok(!stdout.includes(row?.secret_hash ?? ''), 'nor is the HMAC ever shown');
    assert.deepEqual(await terminal.audited('chat'), ['client.created']);
  });

  test('for another provider block has everybody mapped there too', async () => {
    const person = ['--email', 'ida@mail.example', '--name', 'Ida', '--handle', 'ida.mapped'];
    await terminal.json('accounts', 'add', ...person);
    const block = ['--id', 'block', '--idp-id', 'block', '--redirect-uri', 'https://m.example/cb'];
    const { code } = await terminal.run(['clients', 'add', ...block], {
      env: { MATRIX_PROVISIONING: 'on' },
    });
    assert.equal(code, 0);
    const jobs = await terminal.db.query<{ key: string }>(
      `select key from graphile_worker.jobs where task_identifier = 'provision-matrix-user'`,
    );
    assert.ok(jobs.some(({ key }) => key.includes('ida.mapped')));
  });

  test('a short secret is a warning in development and refused in production', async () => {
    const args = ['clients', 'add', '--id', 'short', '--redirect-uri', 'https://a.example/'];
    const production = {
      ...terminal.env,
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://id.example',
      TRUSTED_PROXIES: 'none',
      SMTP_URL: 'smtps://mail.example',
      MAIL_FROM: 'id@example.org',
      MATRIX_SERVER_NAME: 'example.org',
    };
    const refused = await runCli([...args, '--secret', 's3cret'], { env: production });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /\(secret_weak\)/);
    const warned = await terminal.run([...args, '--secret', '-', '--json'], { input: 's3cret\n' });
    assert.equal(warned.code, 0, warned.stderr);
    assert.match(warned.stderr, /^warning: A secret should have at least 32 characters/);
    assert.equal(JSON.parse(warned.stdout).secret, undefined, 'who gave it has it');
  });

  test('names where it hands people over from, and where they may end', async () => {
    const events = await terminal.json<FoundClient>(
      ...['clients', 'add', '--id', 'events', '--grant', 'client_credentials', '--all-tenants'],
      ...['--scope', 'handoff:write', '--handoff-origin', 'https://events.example'],
    );
    assert.deepEqual(events.handoffOrigins, ['https://events.example']);
    const change = ['clients', 'set-handoff-targets', 'matrix_synapse'];
    const targets = ['https://chat.example/', 'https://app.example/chat/'];
    assert.deepEqual(
      (await terminal.json<FoundClient>(...change, ...targets)).handoffTargets,
      targets,
    );
    const origins = ['clients', 'set-handoff-origins', 'events'];
    assert.deepEqual((await terminal.json<FoundClient>(...origins)).handoffOrigins, []);
    assert.equal(
      (await terminal.failure([...origins, 'https://events.example/path'])).code,
      'handoff_origin_invalid',
    );
    assert.ok((await terminal.audited('events')).includes('client.handoff_origins_changed'));
  });

  test('a strength can be demanded of each sign-in to it, and is one that there is', async () => {
    const mfa = 'https://refeds.org/profile/mfa';
    const uri = ['--redirect-uri', 'https://vault.example/callback'];
    const added = await terminal.json<FoundClient>(
      ...['clients', 'add', '--id', 'vault', ...uri, '--acr', mfa],
    );
    assert.equal(added.acr, mfa);
    const set = ['clients', 'set', 'vault', '--acr'];
    assert.equal((await terminal.json<FoundClient>(...set, '')).acr, null);
    assert.equal((await terminal.failure([...set, 'urn:mace:gold'])).code, 'client_invalid');
  });

  test('what is taken stays as it was', async () => {
    const args = ['clients', 'add', '--redirect-uri', 'https://a.example/'];
    await terminal.json(...args, '--id', 'one', '--idp-id', 'one');
    const same = await terminal.failure([...args, '--id', 'one']);
    assert.deepEqual([same.exit, same.code], [1, 'client_exists']);
    assert.equal(
      (await terminal.failure([...args, '--id', 'two', '--idp-id', 'one'])).code,
      'idp_id_taken',
    );
    assert.equal(
      (await terminal.failure([...args, '--id', 'two', '--tenant', 'x'])).code,
      'tenant_not_found',
    );
    assert.equal((await terminal.failure(['clients', 'show', 'two'])).code, 'client_not_found');
  });

  test('what belongs to the service itself cannot be removed', async () => {
    for (const id of ['matrix_synapse', 'openmeet_account']) {
      assert.equal(
        (await terminal.failure(['clients', 'remove', id, '--yes'])).code,
        'client_built_in',
      );
    }
  });
});

describe('clients of a running service', () => {
  let service: Service;

  beforeAll(async () => {
    service = await startService();
  });

  afterAll(() => service.stop());

  async function token(id: string, secret: string): Promise<number> {
    const response = await fetch(`${service.issuer}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials&scope=accounts:read',
    });
    return response.status;
  }

  /** The service may reuse a client's metadata for two seconds. */
  const refused = (secret: string) =>
    until(async () => (await token('events', secret)) === 401, { what: 'the refusal' });

  test('serve with their secret until it is rotated, they are disabled or removed', async () => {
    const { secret = '' } = await service.cli<WithSecret>(
      ...['clients', 'add', '--id', 'events', '--grant', 'client_credentials'],
      ...['--scope', 'accounts:read', '--all-tenants'],
    );
    assert.equal(await token('events', secret), 200);
    const { secret: next = '' } = await service.cli<WithSecret>(
      'clients',
      'rotate-secret',
      'events',
    );
    await refused(secret);
    assert.equal(await token('events', next), 200);
    await service.cli('clients', 'disable', 'events');
    await refused(next);
    await service.cli('clients', 'enable', 'events');
    assert.equal(await token('events', next), 200);
    await service.cli('clients', 'remove', 'events', '--yes');
    await refused(next);
  });
});
