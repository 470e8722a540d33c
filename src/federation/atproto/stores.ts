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
  const kind = 'request';
  return {
    async set(state, value) {
      await store.putState(vault.database, {
        ...seal(vault, kind, state, value),
        livesForSeconds: requestSeconds,
      });
    },
    async get(state) {
      const key = keyOf(vault, kind, state);
      return open(vault, kind, key, await store.takeState(vault.database, kind, key));
    },
    async del() {
      // It went when it was read.
    },
  };
}

/** Tokens of the people who are signing in right now, by their DID. */
export function sessionStore(vault: Vault): NodeSavedSessionStore {
  const kind = 'session';
  return {
    async set(did, value) {
      await store.putState(vault.database, {
        ...seal(vault, kind, did, value),
        livesForSeconds: sessionSeconds,
      });
    },
    async get(did) {
      const key = keyOf(vault, kind, did);
      return open(vault, kind, key, await store.readState(vault.database, kind, key));
    },
    async del(did) {
      await store.deleteState(vault.database, kind, keyOf(vault, kind, did));
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
      if (Date.now() > deadline) throw new AppError('atproto_lock_timeout', { status: 503 });
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

function seal(vault: Vault, kind: store.StateKind, name: string, value: object) {
  const key = keyOf(vault, kind, name);
  return { kind, key, sealed: vault.ring.seal(JSON.stringify(value), sealContext(kind, key)) };
}

function open<T>(
  { ring }: Vault,
  kind: store.StateKind,
  key: string,
  sealed: string | undefined,
): T | undefined {
  return sealed === undefined
    ? undefined
    : JSON.parse(ring.open(sealed, sealContext(kind, key)).toString());
}
