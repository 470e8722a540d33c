import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type {
  NodeSavedSessionStore,
  NodeSavedStateStore,
  RuntimeLock,
} from '@atproto/oauth-client-node';
import type { Database } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import type { Fingerprints } from '../../secrets/fingerprints.ts';
import type { KeyRing } from '../../secrets/keyring.ts';
import * as store from './state.store.ts';

export type Vault = { database: Database; ring: KeyRing; fingerprints: Fingerprints };

/** Long enough to recover a forgotten password at one's server on the way. */
const requestSeconds = 3600;
/** A session only has to outlive the sign-in that ends it; this is for those that died in it. */
const sessionSeconds = 3600;
/** The library gives up what it does under a lock after 30 s. */
const lockSeconds = 40;
const lockPollMs = 50;

/** What was begun, by its state parameter. To read it is to use it up. */
export function requestStore(vault: Vault): NodeSavedStateStore {
  return sealedStore(vault, { kind: 'request', seconds: requestSeconds, read: store.takeState });
}

/** Tokens of the people who are signing in right now, by their DID. */
export function sessionStore(vault: Vault): NodeSavedSessionStore {
  return sealedStore(vault, { kind: 'session', seconds: sessionSeconds, read: store.readState });
}

type Keeping = { kind: store.StateKind; seconds: number; read: typeof store.readState };

function sealedStore<Value extends object>(vault: Vault, { kind, seconds, read }: Keeping) {
  const { database, ring } = vault;
  return {
    async set(name: string, value: Value): Promise<void> {
      const key = keyOf(vault, kind, name);
      const sealed = ring.seal(JSON.stringify(value), sealContext(kind, key));
      await store.putState(database, { kind, key, sealed, livesForSeconds: seconds });
    },
    async get(name: string): Promise<Value | undefined> {
      const key = keyOf(vault, kind, name);
      const sealed = await read(database, kind, key);
      return sealed && JSON.parse(ring.open(sealed, sealContext(kind, key)).toString());
    },
    async del(name: string): Promise<void> {
      await store.deleteState(database, kind, keyOf(vault, kind, name));
    },
  };
}

/**
 * One holder of a name over all instances. A lock is a row with an end, not an advisory lock: that
 * would keep a pooled connection while the holder waits for another one to read the session with.
 */
export function requestLock({ database, fingerprints }: Vault): RuntimeLock {
  return async (name, work) => {
    const lock = { key: `lock:${fingerprints.of('atproto-lock', name)}`, owner: randomUUID() };
    const deadline = Date.now() + lockSeconds * 1000;
    while (!(await store.tryLock(database, { ...lock, seconds: lockSeconds }))) {
      if (Date.now() > deadline) throw new AppError('atproto_lock_timeout');
      await pause(lockPollMs);
    }
    try {
      return await work();
    } finally {
      await store.unlock(database, lock);
    }
  };
}

function keyOf({ fingerprints }: Vault, kind: store.StateKind, name: string): string {
  return fingerprints.of(`atproto-${kind}`, name);
}

function sealContext(kind: store.StateKind, key: string): string {
  return `atproto_state:${kind}/${key}:sealed:`;
}
