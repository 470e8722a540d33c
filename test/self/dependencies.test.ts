import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const { dependencies, devDependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
) as Record<'dependencies' | 'devDependencies', Record<string, string>>;

/** What is run by its name or read by the compiler. */
const tools = new Set(['@biomejs/biome', '@types/node', '@vitest/coverage-v8', 'typescript']);

const service = imported(['src', 'migrations', 'views', 'synapse']);
const everything = new Set([...service, ...imported(['test', 'bench'])]);

describe('package.json', () => {
  test('lists no dependency that nothing imports', () => {
    assert.deepEqual(
      Object.keys(dependencies).filter((name) => !service.has(name)),
      [],
    );
  });

  test('lists nothing for development that nothing imports', () => {
    const unused = Object.keys(devDependencies).filter(
      (name) => !tools.has(name) && !everything.has(typed(name)),
    );
    assert.deepEqual(unused, []);
  });

  test('lists what the service imports among its dependencies', () => {
    assert.deepEqual(
      [...service].filter((name) => !(name in dependencies)),
      [],
    );
  });
});

/** `koa__router` is what types of a scope are called. */
function typed(name: string): string {
  return name.replace(/^@types\/(?:(.+)__)?/, (_, scope) => (scope ? `@${scope}/` : ''));
}

/** The packages that the sources in these folders name as modules. */
function imported(folders: readonly string[]): Set<string> {
  const names = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
      .flatMap((file) => packagesOf(readFileSync(join(root, folder, file), 'utf8'))),
  );
  return new Set(names);
}

function packagesOf(source: string): string[] {
  const modules =
    /(?:^(?:import|export|\}).* from |^import |\bimport\(|\brequire\(|\.resolve\()'((?:@[\w.-]+\/)?[\w-][\w.-]*)(?=['/])/gm;
  return [...source.matchAll(modules)].map(([, name = '']) => name);
}
