import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { configTable } from '../../src/config/describe.ts';

test('docs/configuration.md holds the table of settings as the code has it', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const table = page.match(/^\|(?:.*\|\n)+/m)?.[0].trim();
  assert.equal(table, configTable(), `put this into the page:\n${configTable()}\n`);
});
