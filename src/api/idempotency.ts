import type { Context } from 'koa';
import { z } from 'zod';
import type { Queryable } from '../database/database.ts';
import { AppError } from '../errors.ts';
import { validate } from '../http/forms.ts';
import type { Fingerprints } from '../secrets/fingerprints.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { claimKey, findKey, prolongHold, releaseKey, storeAnswer } from './idempotency.store.ts';

type Parts = { database: Queryable; fingerprints: Fingerprints; ring: KeyRing };

/** The header that every route which writes takes. */
export const idempotencyHeader = z.object({
  'Idempotency-Key': z
    .string()
    .min(1)
    .max(255)
    .regex(/^[\x20-\x7e]+$/, 'must be printable ASCII')
    .optional()
    .describe(
      'Any text of your own for one write. Sent again within 24 hours with the same request, it gets the first answer and writes nothing.',
    ),
});

/** How long an answer is given again. */
const keptSeconds = 24 * 60 * 60;

/** How long a write is believed to go on without a sign of its process. */
const holdSeconds = 10;

type Keyed = {
  /** What the key is one of: client, tenant and route. */
  scope: readonly string[];
  /** All that makes it this request and no other. */
  request: readonly unknown[];
};

/**
 * Does a write at most once for each key, over all instances. Only what succeeded is kept: a refusal
 * may be tried again, and so may what a dead process left behind, since every write is safe to repeat.
 *
 * @throws AppError `idempotency_key_reused` (422), `idempotency_in_progress` (409)
 */
export async function onceForKey(
  ctx: Context,
  parts: Parts,
  keyed: Keyed,
  write: () => Promise<unknown>,
): Promise<unknown> {
  const given = ctx.get('idempotency-key') || undefined;
  const { 'Idempotency-Key': key } = validate(idempotencyHeader, { 'Idempotency-Key': given });
  if (key === undefined) return write();
  const { database, fingerprints } = parts;
  const id = fingerprints.of('idempotency key', JSON.stringify([...keyed.scope, key]));
  const request = fingerprints.of('idempotent request', JSON.stringify(keyed.request));
  const hold = await claimKey(database, { id, request, seconds: holdSeconds });
  if (hold) return holding(parts, { id, hold }, write);
  const known = await findKey(database, id);
  // It ran out this very moment: whoever asks next may have it.
  if (!known) throw inProgress(new Date());
  if (known.request !== request) throw new AppError('idempotency_key_reused');
  if (known.answer === null) throw inProgress(known.expiresAt);
  ctx.set('idempotency-replayed', 'true');
  return JSON.parse(parts.ring.open(known.answer, contextOf(id)).toString());
}

async function holding(
  { database, ring }: Parts,
  held: { id: string; hold: string },
  write: () => Promise<unknown>,
): Promise<unknown> {
  const beat = setInterval(
    () => prolongHold(database, held, holdSeconds).catch(() => {}),
    (holdSeconds * 1000) / 3,
  );
  try {
    const answer = await write();
    // Sealed: it may hold a ticket, or what somebody is called.
    const sealed = ring.seal(JSON.stringify(answer), contextOf(held.id));
    await storeAnswer(database, held, { answer: sealed, seconds: keptSeconds });
    return answer;
  } catch (error) {
    await releaseKey(database, held);
    throw error;
  } finally {
    clearInterval(beat);
  }
}

function inProgress(until: Date): AppError {
  return new AppError('idempotency_in_progress', {
    message: 'A request with this key is being worked on.',
    details: { retryAt: until.toISOString() },
  });
}

function contextOf(id: string): string {
  return `idempotency_keys:${id}:answer:`;
}
