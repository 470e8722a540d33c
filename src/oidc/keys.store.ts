import type { JWK } from 'jose';
import type { Queryable } from '../database/database.ts';
import type { KeyRing } from '../secrets/keyring.ts';

export type SigningAlg = 'RS256' | 'ES256';

export type SigningKey = {
  kid: string;
  alg: SigningAlg;
  sealed: string;
  signsFrom: Date;
  /** When it leaves the JWKS; null while no successor exists. */
  retiresAt: Date | null;
};

/** A key without its private half. */
type PublicKey = JWK & { kid: string; alg: SigningAlg };

export const sealContext = (kid: string) => `signing_keys:${kid}:sealed:`;

/** All keys that are published, the one that signs first within each algorithm. */
export function publishedKeys(db: Queryable): Promise<SigningKey[]> {
  return db.query<SigningKey>(
    `select kid, alg, sealed, signs_from as "signsFrom", retires_at as "retiresAt"
      from signing_keys where sealed is not null and (retires_at is null or retires_at > now())
      order by signs_from <= now() desc,
        case when signs_from <= now() then signs_from end desc, signs_from, kid`,
  );
}

/**
 * Everything by which we know what we signed: a key verifies on when it is no longer published, but
 * never again once it was compromised. A handful is added a year.
 */
export async function verifyingKeys(db: Queryable): Promise<PublicKey[]> {
  const rows = await db.query<{ jwk: PublicKey }>(
    `select public_jwk || jsonb_build_object('kid', kid, 'alg', alg, 'use', 'sig') as jwk
      from signing_keys where compromised_at is null`,
  );
  return rows.map(({ jwk }) => jwk);
}

/**
 * Changes exactly when another key signs, verifies or is published: cheap enough to ask every few
 * seconds.
 */
export async function keysVersion(db: Queryable): Promise<string> {
  const [row] = await db.query<{ version: string }>(
    `select concat_ws('|', max(created_at),
        count(*) filter (where retires_at is null or retires_at > now()),
        count(*) filter (where signs_from <= now()),
        count(*) filter (where compromised_at is not null)) as version
      from signing_keys`,
  );
  return row?.version ?? '';
}

export async function insertKey(
  db: Queryable,
  key: { kid: string; alg: SigningAlg; sealed: string; publicJwk: object; signsInSeconds: number },
): Promise<void> {
  await db.query(
    `insert into signing_keys (kid, alg, sealed, public_jwk, signs_from)
      values ($1, $2, $3, $4, now() + make_interval(secs => $5))`,
    [key.kid, key.alg, key.sealed, key.publicJwk, key.signsInSeconds],
  );
}

/** Lets the older keys of an algorithm go once every token they signed has expired. */
export async function retireOthers(
  db: Queryable,
  kid: string,
  alg: SigningAlg,
  overlapSeconds: number,
): Promise<void> {
  await db.query(
    `update signing_keys set retires_at = now() + make_interval(secs => $3)
      where alg = $2 and kid <> $1 and retires_at is null`,
    [kid, alg, overlapSeconds],
  );
}

/** Nothing that another key signed is believed any more, and none of them can sign again. */
export async function discardOthers(db: Queryable, kids: string[]): Promise<void> {
  await db.query(
    `update signing_keys set compromised_at = now(), sealed = null,
        retires_at = least(retires_at, now())
      where kid <> all($1) and compromised_at is null`,
    [kids],
  );
}

/** A key that is not published signs no more: only its public half is of use. */
export async function destroyRetired(db: Queryable): Promise<void> {
  await db.query(
    `update signing_keys set sealed = null
      where sealed is not null and retires_at < now() - interval '1 minute'`,
  );
}

/** Algorithms whose newest key is older than `days`, or that have none. */
export async function algorithmsDue(db: Queryable, days: number): Promise<SigningAlg[]> {
  const rows = await db.query<{ alg: SigningAlg }>(
    `select alg from (values ('RS256'), ('ES256')) wanted (alg)
      where not exists (select from signing_keys k where k.alg = wanted.alg
        and k.retires_at is null and k.signs_from > now() - make_interval(days => $1))`,
    [days],
  );
  return rows.map(({ alg }) => alg);
}

/** Serialises rotation over all instances until the transaction ends. */
export async function lockKeys(db: Queryable): Promise<void> {
  await db.query('select pg_advisory_xact_lock(7614224)');
}

/** Seals the private keys again under the ring's first key. @returns how many changed */
export async function reencryptSigningKeys(db: Queryable, ring: KeyRing): Promise<number> {
  const rows = await db.query<{ kid: string; sealed: string }>(
    'select kid, sealed from signing_keys where sealed is not null',
  );
  const stale = rows.filter(({ sealed }) => !ring.isCurrent(sealed));
  for (const { kid, sealed } of stale) {
    const opened = ring.open(sealed, sealContext(kid));
    await db.query('update signing_keys set sealed = $2 where kid = $1', [
      kid,
      ring.seal(opened, sealContext(kid)),
    ]);
  }
  return stale.length;
}
