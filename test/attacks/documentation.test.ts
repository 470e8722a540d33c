import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/security.md'), 'utf8');

/** Each file that the table names, with the words of the cases that it quotes. */
function claims(): { file: string; cases: string[] }[] {
  const mentions = [...page.matchAll(/`([\w-]+(?:\/[\w.-]+)+)`((?: “[^”]+”,?)*)/g)];
  return mentions
    .filter(([, file]) => !/^test\//.test(file ?? ''))
    .map(([, file = '', quoted = '']) => ({
      file: `test/${file}.test.ts`,
      cases: [...quoted.matchAll(/“([^”]+)”/g)].map(([, words = '']) => words),
    }));
}

test('the security page names tests that there are', () => {
  const all = claims();
  assert.ok(all.length > 40);
  for (const { file, cases } of all) {
    const source = readFileSync(join(root, file), 'utf8');
    for (const words of cases) assert.ok(source.includes(words), `“${words}” in ${file}`);
  }
});

test('the security page names every file of attacks', () => {
  const named = new Set(claims().map(({ file }) => file));
  for (const name of readdirSync(import.meta.dirname)) {
    if (!name.endsWith('.test.ts') || name === 'documentation.test.ts') continue;
    assert.ok(named.has(`test/attacks/${name}`), name);
  }
});

/** Merging by union puts rows twice, and two people take one number. */
const listed = (text: string, row: RegExp) => [...text.matchAll(row)].map(([, key = '']) => key);

test('the security page has each finding once, in order', () => {
  const rows = listed(page, /^(\| \d+ \| [^|]+) \|/gm);
  assert.ok(rows.length > 40);
  assert.deepEqual(rows, [...new Set(rows)]);
  const numbers = rows.map((row) => Number.parseInt(row.slice(2), 10));
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
});

test('each decision has a number of its own, and is listed once, in order', () => {
  const folder = join(root, 'docs/decisions');
  const files = readdirSync(folder).filter((name) => name !== 'README.md');
  const list = listed(readFileSync(join(folder, 'README.md'), 'utf8'), /\]\(([^)]+)\)/g);
  assert.deepEqual(list, files.toSorted());
  const numbers = files.map((name) => name.slice(0, 4));
  assert.deepEqual(numbers, [...new Set(numbers)]);
});
