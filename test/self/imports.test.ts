import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, test } from 'vitest';

const src = resolve(import.meta.dirname, '../../src');

const picture =
  /^```floors\n(.+?)^```$/ms.exec(
    readFileSync(resolve(src, '../docs/architecture.md'), 'utf8'),
  )?.[1] ?? '';

/** From the ground up, as docs/architecture.md draws them; the uppermost are files. */
const [start = [], ...floors] = picture
  .split('\n')
  .map((line) => line.trim().split(/\s+/).slice(1))
  .filter((folders) => folders.length > 0);
floors.reverse();

/** Files at the top that others may import; all else there starts and composes. */
const top: Record<string, number> = { 'errors.ts': -1, 'first-start.ts': 2 };

/** Imports that go up, and why each may. */
const exceptions: Record<string, RegExp> = {
  'config/config.ts': /^entities\/room\.ts$/, // the shape of the room settings
  'database/entities.ts': /\.entity\.ts$/, // what TypeORM is told of
};

type Import = { from: string; to: string };

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const imports = files.flatMap(importsOf);

describe('the folders of src', () => {
  test('are all on a floor', () => {
    const known = floors.flat();
    const folders = new Set(files.filter((file) => file.includes('/')).map(folderOf));
    assert.deepEqual(
      [...folders].filter((folder) => !known.includes(folder)),
      [],
    );
    assert.deepEqual(
      known.filter((folder) => !folders.has(folder)),
      [],
    );
    assert.deepEqual(
      start.filter((name) => !files.includes(`${name}.ts`)),
      [],
    );
  });

  test('import from their own floor and from those below', () => {
    const up = imports.filter(
      ({ from, to }) => floorOf(from) < floorOf(to) && !exceptions[from]?.test(to),
    );
    assert.deepEqual(up, []);
  });

  test('do not import each other in a circle', () => {
    const between = imports
      .filter(
        ({ from, to }) => from.includes('/') && to.includes('/') && !exceptions[from]?.test(to),
      )
      .map(({ from, to }): [string, string] => [folderOf(from), folderOf(to)])
      .filter(([from, to]) => from !== to);
    assert.deepEqual(circles(between), []);
  });
});

test('files do not import each other in a circle', () => {
  const between = imports.map(({ from, to }): [string, string] => [from, to]);
  assert.deepEqual(circles(between), []);
});

test('only the stores speak SQL', () => {
  const sql = /\b(?:db|tx|database|connection)\.query\b/;
  const elsewhere = files
    .filter((file) => folderOf(file) !== 'database')
    .filter((file) => !file.endsWith('.store.ts'))
    .filter((file) => sql.test(readFileSync(join(src, file), 'utf8')));
  assert.deepEqual(elsewhere, []);
});

function folderOf(file: string): string {
  return file.split('/')[0] as string;
}

function floorOf(file: string): number {
  if (!file.includes('/')) return top[file] ?? floors.length;
  return floors.findIndex((floor) => floor.includes(folderOf(file)));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8');
  const found = text.matchAll(
    /^(?:import|export)(?: type)?(?!\s*\()[^;]*?from '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm,
  );
  return [...found].flatMap(([, from, later]) => {
    const to = resolve(src, dirname(file), from ?? later ?? '');
    return existsSync(to) && !relative(src, to).startsWith('..')
      ? [{ from: file, to: relative(src, to) }]
      : [];
  });
}

/** Each as `a > b > a`. */
function circles(edges: readonly (readonly [string, string])[]): string[] {
  const targets = new Map<string, Set<string>>();
  for (const [from, to] of edges) targets.set(from, (targets.get(from) ?? new Set()).add(to));
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (node: string, path: string[]) => {
    if (path.includes(node)) found.push([...path.slice(path.indexOf(node)), node].join(' > '));
    if (done.has(node) || path.includes(node)) return;
    for (const next of targets.get(node) ?? []) walk(next, [...path, node]);
    done.add(node);
  };
  for (const node of targets.keys()) walk(node, []);
  return found;
}
