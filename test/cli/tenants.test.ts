import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import type { FoundTenant } from '../../src/tenants/find.ts';
import { useTerminal } from './terminal.ts';

describe('tenants', () => {
  const terminal = useTerminal();

  test('a tenant is added with everything that can be said of it, and shown again', async () => {
    const logo = join(terminal.dataDir, 'logo.png');
    await writeFile(logo, Buffer.from('89504e470d0a1a0a', 'hex'));
    const added = await terminal.json<FoundTenant>(
      ...['tenants', 'add', '--slug', 'acme', '--name', 'Acme Chat', '--brand-name', 'Acme'],
      ...['--domain', 'acme.example', '--domain', 'bücher.example', '--email-domain', 'acme.org'],
      ...['--sign-up', 'domains', '--sign-up-domain', 'acme.org', '--offered', '--language', 'de'],
      ...['--terms-url', 'https://acme.example/terms', '--terms-version', '2026-01'],
      ...['--accent', '#1D6F42', '--logo', logo, '--home-url', 'https://acme.example/'],
    );
    assert.partialDeepStrictEqual(added, {
      slug: 'acme',
      name: 'Acme Chat',
      status: 'active',
      signUp: 'domains',
      signUpDomains: ['acme.org'],
      offered: true,
      isDefault: false,
      branding: {
        name: 'Acme',
        accent: '#1d6f42',
        logoUrl: 'data:image/png;base64,iVBORw0KGgo=',
        links: { home: 'https://acme.example/' },
      },
      terms: { version: '2026-01', termsUrl: 'https://acme.example/terms' },
      languages: ['de'],
      domains: ['acme.example', 'xn--bcher-kva.example'],
      emailDomains: ['acme.org'],
    });
    assert.deepEqual(await terminal.json('tenants', 'show', 'acme.example'), added);
    const all = await terminal.json<FoundTenant[]>('tenants', 'list');
    assert.deepEqual(all.map(({ slug }) => slug).sort(), ['acme', 'default']);
    assert.deepEqual(await terminal.audited(added.id), ['tenant.created']);
  });

  test('only what is given changes, and an empty value takes away', async () => {
    await terminal.json('tenants', 'add', '--slug', 'initech', '--name', 'Initech', '--offered');
    const changed = await terminal.json<FoundTenant>(
      ...['tenants', 'set', 'initech', '--accent', '#aa0000', '--domain', 'initech.example'],
    );
    assert.deepEqual(
      [changed.name, changed.offered, changed.branding.accent, changed.domains],
      ['Initech', true, '#aa0000', ['initech.example']],
    );
    const bare = await terminal.json<FoundTenant>(
      ...['tenants', 'set', 'initech', '--accent', '', '--domain', '', '--no-offered'],
    );
    assert.deepEqual([bare.branding.accent, bare.domains, bare.offered], [undefined, [], false]);
    assert.ok(bare.updatedAt > changed.updatedAt, 'browsers fetch the new style sheet');
  });

  test('a way that nobody has set up is refused with those that there are', async () => {
    await terminal.json('tenants', 'add', '--slug', 'umbrella', '--name', 'U');
    await terminal.db.query(
      `insert into connections (id, tenant_id, name, issuer, client_id, token_endpoint_auth_method)
        select slug || '-staff', id, slug, 'https://sso.example', 'us', 'none' from tenants
          where slug in ('umbrella', 'default')`,
    );
    const set = (...ways: string[]) => [
      ...['tenants', 'set', 'umbrella'],
      ...ways.flatMap((way) => ['--way', way]),
    ];
    for (const way of ['gogle', 'default-staff']) {
      const { code, message } = await terminal.failure(set('google', way));
      assert.equal(code, 'way_unknown');
      assert.ok(
        message.includes(`"${way}"`) && message.includes('google, bluesky, umbrella-staff'),
      );
    }
    const { ways } = await terminal.json<FoundTenant>(...set('umbrella-staff', 'google'));
    assert.deepEqual(ways, ['umbrella-staff', 'google']);
    await terminal.db.query(`delete from connections where id = 'umbrella-staff'`);
    const kept = await terminal.json<FoundTenant>(...set('google', 'umbrella-staff'));
    assert.deepEqual(kept.ways, ['google', 'umbrella-staff'], 'what is there may stay');
  });

  test('an email is required where the operator says so, until told otherwise', async () => {
    const add = ['tenants', 'add', '--slug', 'wonka', '--name', 'W', '--email-required'];
    assert.equal((await terminal.json<FoundTenant>(...add)).emailRequired, true);
    const { emailRequired } = await terminal.json<FoundTenant>(
      'tenants',
      'set',
      'wonka',
      '--offered',
    );
    assert.equal(emailRequired, true);
    const off = await terminal.json<FoundTenant>('tenants', 'set', 'wonka', '--no-email-required');
    assert.equal(off.emailRequired, false);
  });

  test('two steps are required from the day that the operator says', async () => {
    await terminal.json('tenants', 'add', '--slug', 'tyrell', '--name', 'T');
    const set = async (...options: string[]) => {
      const { mfaRequiredFrom } = await terminal.json<FoundTenant>(
        ...['tenants', 'set', 'tyrell', ...options],
      );
      return mfaRequiredFrom && (new Date(mfaRequiredFrom).getTime() - Date.now()) / 86_400_000;
    };
    assert.equal(await set('--offered'), null);
    assert.ok(Math.abs((await set('--mfa', 'required')) ?? 9) < 0.01);
    assert.ok(Math.abs(((await set('--mfa', 'required', '--mfa-grace', '14')) ?? 0) - 14) < 0.01);
    assert.ok(Math.abs(((await set('--offered')) ?? 0) - 14) < 0.01, 'what is not said stays');
    assert.equal(await set('--mfa', 'optional'), null);
    const alone = await terminal.failure(['tenants', 'set', 'tyrell', '--mfa-grace', '3']);
    assert.equal(alone.code, 'bad_input');
  });

  test('a suspended tenant takes Matrix access from its people, and can be resumed', async () => {
    const { id } = await terminal.json<FoundTenant>(
      'tenants',
      'add',
      '--slug',
      'hooli',
      '--name',
      'H',
    );
    const person = ['--email', 'h@hooli.example', '--name', 'H', '--tenant', 'hooli'];
    await terminal.json('accounts', 'add', ...person);
    const suspended = await terminal.json<FoundTenant>('tenants', 'suspend', 'hooli', '--yes');
    assert.equal(suspended.status, 'suspended');
    const jobs = await terminal.db.query(
      `select from graphile_worker.jobs where task_identifier = 'sync-matrix-access'`,
    );
    assert.equal(jobs.length, 1, 'the homeserver is to hear of it for each person');
    await terminal.json('tenants', 'suspend', 'hooli', '--yes');
    const resumed = await terminal.json<FoundTenant>('tenants', 'resume', 'hooli');
    assert.equal(resumed.status, 'active');
    const actions = await terminal.audited(id);
    assert.deepEqual(actions, ['tenant.created', 'tenant.suspended', 'tenant.resumed']);
  });

  test('slugs, handles and domains belong to one', async () => {
    await terminal.json(
      'tenants',
      'add',
      '--slug',
      'stark',
      '--name',
      'S',
      '--domain',
      'stark.example',
    );
    await terminal.json('handles', 'reserve', 'wayne', '--yes');
    const add = (...args: string[]) => terminal.failure(['tenants', 'add', '--name', 'X', ...args]);
    assert.equal((await add('--slug', 'stark')).code, 'slug_taken');
    assert.equal((await add('--slug', 'wayne')).code, 'slug_taken');
    const { exit, code } = await add('--slug', 'other', '--domain', 'stark.example');
    assert.deepEqual([exit, code], [1, 'domain_taken']);
    const { code: gone } = await terminal.failure(['tenants', 'show', 'other']);
    assert.equal(gone, 'tenant_not_found', 'nothing is half made');
  });

  test('what cannot be right is refused with exit code 2', async () => {
    const cases: [string, string[]][] = [
      ['slug_invalid', ['--slug', 'Not a slug']],
      ['bad_input', ['--slug', 'ok', '--domain', 'https://x.example']],
      ['branding_invalid', ['--slug', 'ok', '--accent', 'red;}']],
      ['terms_invalid', ['--slug', 'ok', '--terms-version', '1']],
      ['sign_up_domains_missing', ['--slug', 'ok', '--sign-up', 'domains']],
      ['language_unknown', ['--slug', 'ok', '--language', 'tlh']],
    ];
    const check = async ([code, args]: [string, string[]]) => {
      const failure = await terminal.failure(['tenants', 'add', '--name', 'X', ...args]);
      assert.deepEqual([failure.code, failure.exit], [code, 2], args.join(' '));
    };
    await Promise.all(cases.map(check));
  });

  test('people get a table', async () => {
    const { stdout } = await terminal.run(['tenants', 'list']);
    assert.match(stdout, /^SLUG +NAME +STATUS +SIGN-UP +DOMAINS/);
    assert.match(stdout, /^default +OpenMeet +active +open/m);
  });
});
