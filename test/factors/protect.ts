import assert from 'node:assert/strict';
import { makeRecoveryCodes } from '../../src/factors/recovery-codes.ts';
import { beginTotp, confirmTotp, pendingTotp } from '../../src/factors/totp.ts';
import type { Person, World } from '../oidc/world.ts';
import { codeOf } from './app.ts';

export type Protected = Person & {
  /** What the app was told. */
  secret: string;
  recoveryCodes: string[];
};

/** Gives a person an app and recovery codes. */
export async function protect(world: World, person: Person): Promise<Protected> {
  const { database, ring, fingerprints } = world;
  const telling = { queueMail: async () => true };
  const accountId = person.id;
  const place = { accountId, begunBy: 'test' };
  const { secret, recoveryCodes } = await database.transaction(async (tx) => {
    await beginTotp(tx, place, ring);
    const names = { issuer: 'Acme', label: person.handle };
    const { secret = '' } = (await pendingTotp(tx, place, names, ring)) ?? {};
    assert.ok(await confirmTotp(tx, { ...place, code: codeOf(secret) }, { ring, ...telling }));
    const recoveryCodes = await makeRecoveryCodes(tx, { accountId }, { fingerprints, ...telling });
    return { secret, recoveryCodes };
  });
  await forgetSteps(world, person);
  return { ...person, secret, recoveryCodes };
}

/** As if the last code had been used long ago: that of now is good. */
export async function forgetSteps(world: World, { id }: Pick<Person, 'id'>): Promise<void> {
  await world.database.query('update totp_credentials set last_step = 0 where account_id = $1', [
    id,
  ]);
}
