import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Queryable } from '../database/database.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { consumeRequest, insertRequest, type StoredRequest } from './requests.store.ts';

/** How long somebody may take to sign in elsewhere. */
const seconds = 15 * 60;

const notes = z.object({
  nonce: z.string(),
  codeVerifier: z.string(),
  returnTo: z.string(),
});

/** Fresh secrets of one request: 256 bits each. */
export type RequestSecrets = { state: string; nonce: string; codeVerifier: string };

type About = Omit<StoredRequest, 'id' | 'sealed'>;

export type NewRequest = About & {
  /** Path on our own origin to go on at. */
  returnTo: string;
};

export type RedeemedRequest = About & z.infer<typeof notes>;

export function newSecrets(): RequestSecrets {
  const secret = () => randomBytes(32).toString('base64url');
  return { state: secret(), nonce: secret(), codeVerifier: secret() };
}

/**
 * Sign-ins elsewhere that are under way. An answer counts once, in the browser that asked, for the
 * connection that was asked: that is what keeps out login CSRF, replay and mix-up.
 */
export class UpstreamRequests {
  readonly #ring: KeyRing;
  readonly #fingerprints: Fingerprints;

  constructor({ ring, fingerprints }: { ring: KeyRing; fingerprints: Fingerprints }) {
    this.#ring = ring;
    this.#fingerprints = fingerprints;
  }

  async keep(
    db: Queryable,
    { returnTo, ...about }: NewRequest,
    { state, nonce, codeVerifier }: RequestSecrets,
  ): Promise<void> {
    const id = this.#idOf(state);
    const sealed = this.#ring.seal(
      JSON.stringify({ nonce, codeVerifier, returnTo }),
      contextOf(id, about.tenantId),
    );
    await insertRequest(db, { id, sealed, ...about }, seconds);
  }

  /** @returns nothing where it is unknown, used, expired, or of another browser or connection */
  async redeem(
    db: Queryable,
    answer: { state: string; browser: string; connection: string },
  ): Promise<RedeemedRequest | undefined> {
    const { browser, connection } = answer;
    const row = await consumeRequest(db, { id: this.#idOf(answer.state), browser, connection });
    if (!row) return undefined;
    const { id, sealed, ...about } = row;
    const opened = this.#ring.open(sealed, contextOf(id, about.tenantId)).toString();
    return { ...about, ...notes.parse(JSON.parse(opened)) };
  }

  #idOf(state: string): string {
    return this.#fingerprints.of('upstream request', state);
  }
}

function contextOf(id: string, tenantId: string | null): string {
  return `upstream_requests:${id}:sealed:${tenantId ?? ''}`;
}
