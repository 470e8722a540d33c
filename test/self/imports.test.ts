import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const src = resolve(import.meta.dirname, '../../src');

/** Which folders a folder of src/ may import from, besides itself and the files at the top. */
const allowed: Record<string, readonly string[]> = {
  // The shape of the room settings only.
  config: ['rooms'],
  text: [],
  secrets: ['database'],
  database: ['config', 'tenants'],
  http: ['database', 'secrets', 'config', 'jobs'],
  jobs: ['database'],
  mail: ['database', 'secrets', 'jobs', 'http'],
  audit: ['database', 'secrets'],
  tenants: ['database', 'http', 'text'],
  files: [],
  handles: ['database', 'files', 'text'],
  accounts: ['database', 'secrets', 'config', 'http', 'handles', 'tenants', 'jobs', 'text'],
  admission: ['database', 'secrets', 'accounts', 'handles', 'tenants'],
  federation: ['database', 'secrets', 'config', 'http', 'jobs', 'tenants', 'text'],
  rooms: ['database', 'jobs', 'tenants'],
  matrix: ['database', 'http', 'jobs', 'handles', 'rooms'],
  oidc: [
    'database',
    'secrets',
    'config',
    'http',
    'jobs',
    'mail',
    'audit',
    'text',
    'tenants',
    'handles',
    'accounts',
    'admission',
    'federation',
    'rooms',
  ],
};

/** Files that the entities of a folder are declared in; database/entities.ts lists them for TypeORM. */
const exceptions = new Set(['database/entities.ts']);

test('imports point one way between the folders of src', () => {
  const wrong: string[] = [];
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    const folder = file.split('/')[0] ?? '';
    const may = allowed[folder];
    if (!file.endsWith('.ts') || !file.includes('/') || !may) continue;
    for (const target of importsOf(file)) {
      const to = target.split('/')[0] ?? '';
      if (!target.includes('/') || to === folder || to === '..' || may.includes(to)) continue;
      wrong.push(`${file} imports ${target}`);
    }
    if (folder === 'database' && !exceptions.has(file)) {
      wrong.push(
        ...importsOf(file)
          .filter((target) => target.startsWith('tenants/'))
          .map((target) => `${file} imports ${target}`),
      );
    }
  }
  assert.deepEqual(wrong, []);
});

test('only the stores speak SQL', () => {
  const sql = /\b(?:db|tx|database|connection)\.query\b/;
  const elsewhere = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) =>
      /^(?:accounts|admission|handles|tenants|federation|rooms|oidc|matrix|mail|audit)\//.test(
        file,
      ),
    )
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.store.ts'))
    .filter((file) => sql.test(readFileSync(join(src, file), 'utf8')));
  assert.deepEqual(elsewhere, []);
});

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  return [...text.matchAll(/from '(\.[^']+)'|import\('(\.[^']+)'\)/g)]
    .map(([, from, dynamic]) => resolve(src, dirname(file), from ?? dynamic ?? ''))
    .map((path) => relative(src, path));
}
