import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openDatabase } from '../../../src/database/open.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { Fingerprints } from '../../../src/secrets/fingerprints.ts';
import { runCli } from '../../cli/terminal.ts';
import { Application, newVisitor, type Tokens } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import type { Visitor } from '../../support/forms.ts';

describe('another key behind all fingerprints', { timeout: 180_000 }, () => {
  let world: World;
  let app: Application;
  let ada: Person;
  let visitor: Visitor;
  let tokens: Tokens;
  let invitation: string;

  beforeAll(async () => {
    world = await openWorld();
    app = await Application.of(world);
    ada = await world.addPerson();
    visitor = newVisitor();
    tokens = await app.signIn(visitor, ada);
    const made = await world.service.cli<{ link: string }>('invitations', 'add');
    invitation = made.link;
  });
  afterAll(() => world.service.stop());

  function cli(...args: string[]) {
    const { dataDir, databaseUrl, url } = world.service;
    return runCli([...args, '--json'], {
      env: { NODE_ENV: 'test', DATA_DIR: dataDir, DATABASE_URL: databaseUrl, PUBLIC_URL: url },
    });
  }

  test('is refused while a process would go on with the old one', async () => {
    await world.database.close();
    const { code, stderr } = await cli('keys', 'reencrypt', '--fingerprints');
    assert.equal(code, 1);
    assert.match(stderr, /service_running/);
    assert.deepEqual((await app.userinfo(tokens)).sub, ada.id, 'nothing changed');
  });

  test('is put there while none runs', async () => {
    await world.service.kill('SIGTERM');
    for (const generation of [2, 3]) {
      const { code, stdout, stderr } = await cli('keys', 'reencrypt', '--fingerprints');
      assert.equal(code, 0, stderr);
      const { fingerprints, dataKeys, auditProblems } = JSON.parse(stdout);
      assert.ok(fingerprints > 3, `generation ${generation} renewed ${fingerprints}`);
      assert.deepEqual([dataKeys, auditProblems], [0, 0]);
    }
    await world.service.restart();
  });

  test('and sessions, tokens, client secrets, passwords and invitations go on', async () => {
    assert.equal((await app.userinfo(tokens)).sub, ada.id);
    const attempt = await app.request({ prompt: 'none' });
    const back = await visitor.open(attempt.url);
    assert.ok(back.url.searchParams.get('code'), back.url.href);
    const refreshed = await app.refresh(tokens.refresh_token);
    assert.equal(refreshed.claims()?.sub, ada.id);
    assert.equal((await app.signIn(newVisitor(), ada)).claims()?.sub, ada.id);
    assert.equal((await newVisitor().open(invitation)).status, 200);
  });

  test('and whoever has the old one only can compare nothing', async () => {
    const database = await openDatabase({ url: world.service.databaseUrl, poolSize: 1 });
    const rows = await database.query<{ hash: string }>(
      'select secret_hash as hash from clients where id = $1',
      [app.client.id],
    );
    await database.close();
    assert.notEqual(rows[0]?.hash, world.fingerprints.of('client-secret', app.client.secret));
  });

  test('and the audit is sealed anew, with a row that says so', async () => {
    const { stdout } = await cli('doctor');
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    for (const name of ['audit', 'encryption keys']) {
      assert.equal(findings.find((finding) => finding.name === name)?.status, 'ok', name);
    }
    const { stdout: audit } = await cli('audit', 'export');
    assert.equal(audit.match(/"keys\.root_renewed"/g)?.length, 2);
  });
});

describe('fingerprints under several roots', () => {
  const roots = [randomBytes(32), randomBytes(32), randomBytes(32)] as const;
  const before = new Fingerprints(roots[0], roots[1]);
  const now = new Fingerprints(...roots);

  test('can be brought under the newest without what they are of', () => {
    assert.equal(now.renewed(before.of('oidc:id', 'x')), now.of('oidc:id', 'x'));
    assert.ok(now.matches('oidc:id', 'x', now.of('oidc:id', 'x')));
    assert.ok(!now.matches('oidc:id', 'x', before.of('oidc:id', 'x')));
  });

  test('are believed of any time only where they lie in browsers', () => {
    for (const earlier of [new Fingerprints(roots[0]), before, now]) {
      assert.ok(now.everMatched('cookies', 'x', earlier.of('cookies', 'x')));
    }
    assert.ok(!now.everMatched('cookies', 'x', new Fingerprints(roots[1]).of('cookies', 'x')));
    assert.ok(!before.everMatched('cookies', 'x', now.of('cookies', 'x')));
  });

  test('are the same for ever where a hash was made with them', () => {
    assert.equal(now.lasting('password salt', 'x'), before.lasting('password salt', 'x'));
  });
});
