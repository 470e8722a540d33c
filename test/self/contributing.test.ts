import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

test('CONTRIBUTING.md names files and folders that there are', () => {
  const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
  const named = [...page.matchAll(/`((?:src|test|views|migrations|docs)\/[\w./-]*)`/g)].map(
    ([, path = '']) => path,
  );
  assert.ok(named.length > 40);
  assert.deepEqual(
    named.filter((path) => !existsSync(join(root, path))),
    [],
  );
});
