import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the embedded server lives, and as whom it runs. */
export interface Place {
  /** Holds everything below. */
  root: string;
  /** PostgreSQL's own data directory. */
  data: string;
  log: string;
  /** Set when we are root, as which PostgreSQL refuses to run. */
  account?: Account;
}

export interface Account {
  uid: number;
  gid: number;
}

/** Used when an unprivileged account cannot get to DATA_DIR, as in root's own home. */
const systemDirectory = '/var/lib/openmeet-id';

/**
 * The directory DATA_DIR/database, made if need be. It is a link to a directory elsewhere when
 * DATA_DIR lies where the server's account may not go.
 */
export function preparePlace(dataDir: string): Place {
  const entrance = join(dataDir, 'database');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const account = process.getuid?.() === 0 ? serverAccount(join(entrance, 'data')) : undefined;
  const root = linkTarget(entrance) ?? rootFor(entrance, account);
  mkdirSync(root, { recursive: true });
  chmodSync(root, 0o711);
  return { root, data: join(root, 'data'), log: join(root, 'log'), account };
}

/** Who owns the data already, or else somebody who owns as little as possible. */
function serverAccount(data: string): Account {
  const owner = statSync(data, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  // initdb wants an account that has a name, so an invented number would not do.
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody', 'daemon']) {
    const found = accounts.find(([name]) => name === wanted);
    if (found) return { uid: Number(found[2]), gid: Number(found[3]) };
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is no account "nobody" to run it as.',
  );
}

function rootFor(entrance: string, account: Account | undefined): string {
  if (!account || existsSync(join(entrance, 'data'))) return entrance;
  const dataDir = dirname(entrance);
  if (canEnter(dataDir, account) || letIn(dataDir, account)) return entrance;
  mkdirSync(systemDirectory, { recursive: true, mode: 0o755 });
  const elsewhere = mkdtempSync(join(systemDirectory, 'database-'));
  try {
    symlinkSync(elsewhere, entrance);
    return elsewhere;
  } catch (error) {
    rmdirSync(elsewhere);
    const other = linkTarget(entrance);
    if (other === undefined) throw error;
    return other;
  }
}

function canEnter(directory: string, account: Account): boolean {
  const attempt = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], {
    ...account,
    cwd: '/',
    env: {},
  });
  return attempt.status === 0;
}

/** Opens a DATA_DIR that is closed to all others, for the account's group to pass through. */
function letIn(dataDir: string, account: Account): boolean {
  const { uid, mode } = statSync(dataDir);
  if (uid !== 0 || (mode & 0o077) !== 0 || !canEnter(dirname(dataDir), account)) return false;
  chownSync(dataDir, uid, account.gid);
  chmodSync(dataDir, 0o710);
  return canEnter(dataDir, account);
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
