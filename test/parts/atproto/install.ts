import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const directory = import.meta.dirname;
const stamp = join(directory, 'node_modules/.installed');

/** The lock file's content and the ABI that native modules are compiled for. */
const version = createHash('sha256')
  .update(readFileSync(join(directory, 'package-lock.json')))
  .update(process.versions.modules)
  .digest('hex');

/**
 * Installs the personal data server and the directory, once for each content of the lock file: 400 MB,
 * and SQLite is compiled for minutes.
 *
 * @throws Error that says in one line what is missing and how to get it
 */
export async function installAtproto(): Promise<void> {
  if (isInstalled()) return;
  // Headers lie beside the binary; npm must not take those of another Node that it was started by.
  const node = resolve(dirname(process.execPath), '..');
  const { PATH = '' } = process.env;
  try {
    await run('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: directory,
      env: {
        ...process.env,
        PATH: `${dirname(process.execPath)}${delimiter}${PATH}`,
        npm_config_nodedir: node,
      },
      maxBuffer: 64 * 1024 * 1024,
    });
    await run(process.execPath, ['--eval', 'require("better-sqlite3")(":memory:")'], {
      cwd: directory,
    });
    writeFileSync(stamp, version);
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    const said = stderr.trim().split('\n').at(-1) || message.split('\n')[0];
    throw new Error(
      `The parts of a Bluesky for tests could not be installed (${said}): they need the npm registry, a C++ compiler, make and Python 3.`,
      { cause: error },
    );
  }
}

function isInstalled(): boolean {
  try {
    return readFileSync(stamp, 'utf8') === version;
  } catch {
    return false;
  }
}
