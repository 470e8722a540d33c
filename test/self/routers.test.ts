import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'vitest';

const src = resolve(import.meta.dirname, '../../src');

/** Files that hold this. */
function filesWith(pattern: RegExp): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && pattern.test(readFileSync(join(src, file), 'utf8')))
    .sort();
}

test('every router is an exact one', () => {
  assert.deepEqual(filesWith(/new Router\(/), ['http/exact-router.ts']);
});

test('nothing is decided by comparing the text of a path', () => {
  const compared =
    /\b(?:ctx|context|req|request)\.(?:path|url|originalUrl)\b.*(?:===|!==|startsWith|endsWith|includes|match|\.test)|(?:test|exec)\((?:ctx|context|req|request)\.(?:path|url)/;
  assert.deepEqual(filesWith(compared), []);
});
