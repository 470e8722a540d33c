import { record } from '../../events.ts';
import { reencryptConnections } from '../../federation/connections.store.ts';
import { reencryptMails } from '../../mail/mails.store.ts';
import { lockKeys, reencryptSigningKeys } from '../../oidc/keys.store.ts';
import { reencryptDataKeys } from '../../secrets/data-key.store.ts';
import type { Cli } from '../run.ts';

export type Reencrypted = {
  signingKeys: number;
  dataKeys: number;
  mails: number;
  connections: number;
};

/**
 * Everything at once, so that the old keys can be taken out of ENCRYPTION_KEYS afterwards. What is
 * sealed in cookies is left to expire.
 *
 * @throws AppError `encryption_key_missing` when ENCRYPTION_KEYS lacks a key that sealed something
 */
export async function reencrypt({ database, ring }: Cli): Promise<Reencrypted> {
  return database.transaction(async (tx) => {
    await lockKeys(tx);
    const counts = {
      signingKeys: await reencryptSigningKeys(tx, ring),
      dataKeys: await reencryptDataKeys(tx, ring),
      mails: await reencryptMails(tx, ring),
      connections: await reencryptConnections(tx, ring),
    };
    await record(tx, { action: 'keys.reencrypted', actor: 'operator', detail: counts });
    return counts;
  });
}
