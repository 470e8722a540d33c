import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'vitest';
import { allVerbs } from './commands.ts';

const page = readFileSync(new URL('../../docs/command-line.md', import.meta.url), 'utf8');

/** Lines that a reader can type, without the prompt. */
const typed = [...page.matchAll(/^npm run cli -- (.+)$/gm)].map(([, line]) => line as string);

describe('the page about the command line', () => {
  test('tells every command, in a line of a table and by an example', async () => {
    for (const { path } of await allVerbs()) {
      assert.match(page, new RegExp(`^\\| \`${path}[ \`]`, 'm'), `${path} in a table`);
      assert.ok(
        typed.some((line) => `${line} `.startsWith(`${path} `)),
        `${path} by an example`,
      );
    }
  });

  test('tells no command that does not exist', async () => {
    const paths = (await allVerbs()).map(({ path }) => path);
    const told = [...page.matchAll(/^\| `([a-z-]+(?: [a-z-]+)?)/gm)].map(([, path]) => path);
    assert.deepEqual(
      told.filter((path) => !paths.includes(path as string)),
      [],
    );
  });

  test('uses only options that there are', async () => {
    const verbs = await allVerbs();
    for (const line of typed) {
      const verb = verbs.find(({ path }) => `${line} `.startsWith(`${path} `));
      assert.ok(verb, line);
      const known = ['--json', '--help', ...verb.command.options.map(({ long }) => long)];
      for (const [option] of line.matchAll(/(?<= )--[a-z-]+/g)) {
        assert.ok(known.includes(option), `${option} in: ${line}`);
      }
    }
  });
});
