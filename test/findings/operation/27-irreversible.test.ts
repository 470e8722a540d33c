import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, describe, test } from 'vitest';
import type { FoundTenant } from '../../../src/tenants/find.ts';
import { plainEnvironment, root } from '../../../synapse/process.ts';
import { useTerminal } from '../../cli/terminal.ts';
import { until } from '../../support/until.ts';

const terminal = useTerminal();

/** All that could be changed by these commands. */
const stateOf = () =>
  terminal.db.query(
    `select (select array_agg(status order by slug) from tenants) as tenants,
      (select array_agg(status || matrix_access order by id) from accounts) as accounts,
      (select array_agg(id order by id) from clients) as clients,
      (select array_agg(handle || state order by handle) from handles) as handles,
      (select count(*)::int from audit) as audit`,
  );

const acts: string[][] = [
  ['tenants', 'suspend', 'acme'],
  ['accounts', 'disable', '@ada'],
  ['accounts', 'sign-out', '@ada'],
  ['accounts', 'revoke-matrix', '@ada'],
  ['accounts', 'delete', '@ada'],
  ['clients', 'remove', 'chat'],
  ['handles', 'reserve', 'founder'],
  ['rooms', 'unlink', 'group', 'chess'],
];

describe('what cannot be undone', () => {
  beforeAll(async () => {
    await terminal.json('tenants', 'add', '--slug', 'acme', '--name', 'Acme');
    const uri = ['--redirect-uri', 'https://chat.example/cb'];
    await terminal.json('clients', 'add', '--id', 'chat', ...uri);
    const ada = ['--email', 'ada@example.org', '--name', 'Ada', '--handle', 'ada'];
    await terminal.json('accounts', 'add', ...ada);
  });

  for (const act of acts) {
    test(`is done only with --yes where there is no terminal: ${act.join(' ')}`, async () => {
      const state = await stateOf();
      const { exit, code, message } = await terminal.failure(act, { input: 'yes\n' });
      assert.deepEqual([exit, code], [2, 'not_confirmed']);
      assert.match(message, /Some of this cannot be undone.+--yes/);
      const plain = await terminal.run(act, { input: 'yes\n' });
      assert.equal(plain.code, 2);
      assert.match(plain.stderr, /--yes/);
      assert.deepEqual(await stateOf(), state, 'nothing changed');
    });

    test(`tells of --yes: ${act.join(' ')}`, async () => {
      const help = await terminal.run([...act.slice(0, 2), '--help']);
      assert.match(help.stdout, /--yes/);
    });
  }

  test('is said of what there is only', async () => {
    const { code } = await terminal.failure(['accounts', 'delete', '@nobody']);
    assert.equal(code, 'account_not_found');
    assert.equal(
      (await terminal.failure(['tenants', 'suspend', 'nowhere'])).code,
      'tenant_not_found',
    );
  });

  /** As somebody who sits before it; `script` of util-linux gives the program a terminal. */
  async function typed(answer: string): Promise<string> {
    const command = `${process.execPath} src/cli/main.ts tenants suspend acme`;
    const child = execFile('script', ['-qec', command, '/dev/null'], {
      cwd: root,
      env: { ...plainEnvironment(), ...terminal.env },
    });
    let screen = '';
    child.stdout?.on('data', (text) => {
      screen += text;
    });
    const ended = once(child, 'close');
    await until(() => screen.includes('Type yes:'), { what: 'the question' });
    child.stdin?.write(answer);
    await ended;
    return screen;
  }

  test('is asked on a terminal, where it needs a whole yes', async () => {
    for (const answer of ['\n', 'y\n', 'no\n', '\u0004']) {
      const screen = await typed(answer);
      assert.match(screen, /Suspend Acme \(acme\) with all its people.+are lost\? Type yes:/);
      assert.match(screen, /Nothing was done\./);
    }
    assert.equal((await terminal.json<FoundTenant>('tenants', 'show', 'acme')).status, 'active');
    await typed('yes\n');
    assert.equal((await terminal.json<FoundTenant>('tenants', 'show', 'acme')).status, 'suspended');
  });
});
