import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { createProgram, nouns } from '../../src/cli/program.ts';
import { allVerbs } from './commands.ts';
import { runCli } from './terminal.ts';

/** What a command prints when asked for help, and how it ends. */
async function help(path: string): Promise<{ text: string; exitCode: number }> {
  const argv = [...path.split(' '), '--help'];
  const program = await createProgram(argv);
  let text = '';
  const noun = program.commands.find((command) => command.name() === argv[0]);
  for (const command of [program, noun, ...(noun?.commands ?? [])]) {
    command?.configureOutput({ writeOut: (part) => (text += part) });
  }
  const error = await program.parseAsync(argv, { from: 'user' }).catch((thrown) => thrown);
  return { text, exitCode: error.exitCode };
}

describe('help', () => {
  test('every command names its options and shows an example of its own', async () => {
    for (const { path, command } of await allVerbs()) {
      const { text, exitCode } = await help(path);
      assert.equal(exitCode, 0, path);
      for (const { flags } of command.options) assert.ok(text.includes(flags), `${path} ${flags}`);
      assert.ok(text.includes('--json'), path);
      assert.match(text, new RegExp(`Examples?:\\n  openmeet-id ${path}\\b`), path);
      assert.ok(command.description().length > 10, path);
    }
  });

  test('the tool lists all nouns, needs no settings, and comes at once', async () => {
    const { code, stdout, stderr } = await runCli(['--help'], { env: { PUBLC_URL: 'x' } });
    assert.deepEqual([code, stderr], [0, '']);
    for (const noun of Object.keys(nouns)) assert.match(stdout, new RegExp(`^  ${noun} `, 'm'));
  });

  test('what is mistyped ends with 2, on standard error, with a stable code', async () => {
    const mistyped = [['tenants', 'shw'], ['tenants', 'add'], ['nonsense'], ['keys', 'list', '-x']];
    for (const args of mistyped) {
      const { code, stdout, stderr } = await runCli(args);
      assert.deepEqual([code, stdout], [2, ''], args.join(' '));
      assert.match(stderr, /^error: .* \(bad_input\)\n$/);
    }
    const { stderr } = await runCli(['tenants', 'add', '--json']);
    assert.equal(JSON.parse(stderr).error.code, 'bad_input');
  });

  test('a noun alone shows its commands', async () => {
    const { code, stderr } = await runCli(['tenants']);
    assert.equal(code, 2);
    assert.match(stderr, /Usage: openmeet-id tenants/);
  });

  test('wrong settings stop a command with all that is wrong', async () => {
    const { code, stdout, stderr } = await runCli(['tenants', 'list'], {
      env: { PUBLC_URL: 'x', PORT: 'y' },
    });
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /PUBLC_URL[\s\S]*PORT[\s\S]*\(configuration\)/);
  });
});
