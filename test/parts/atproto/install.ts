import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const directory = import.meta.dirname;
const stamp = join(directory, 'node_modules/.installed');

/**
 * Written into the stamp. The override of better-sqlite3 is there for Node 24.19 and later, where its
 * version 12 aborts the process at any garbage collection.
 */
const version = createHash('sha256')
  .update(readFileSync(join(directory, 'package-lock.json')))
  .digest('hex');

/** Whether `installAtproto` has nothing left to download. */
export function isAtprotoInstalled(): boolean {
  try {
    return readFileSync(stamp, 'utf8') === version;
  } catch {
    return false;
  }
}

/**
 * Installs the personal data server and the directory from npm, 370 MB, once for each content of the
 * lock file.
 *
 * @throws Error that says in one line what is missing and how to get it
 */
export async function installAtproto(): Promise<void> {
  if (isAtprotoInstalled()) return;
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const options = { cwd: directory, env: { ...process.env, PATH }, maxBuffer: 64 * 1024 * 1024 };
  try {
    await run('npm', ['ci', '--no-audit', '--no-fund'], options);
    await run(process.execPath, ['--eval', 'require("better-sqlite3")(":memory:")'], options);
    writeFileSync(stamp, version);
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    const said = stderr.trim().split('\n').at(-1) || message.split('\n')[0];
    throw new Error(
      `The Bluesky of the tests could not be installed (${said}): it needs the npm registry and 400 MB in test/parts/atproto.`,
      { cause: error },
    );
  }
}
