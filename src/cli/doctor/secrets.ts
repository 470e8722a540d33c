import type { Config } from '../../config/config.ts';
import type { Database } from '../../database/database.ts';
import { openMail } from '../../mail/sealed-mail.ts';
import { publishedKeys } from '../../oidc/keys.store.ts';
import { loadSigningKeys, rotateAfterDays } from '../../oidc/keys.ts';
import { loadFingerprintKey } from '../../secrets/data-key.store.ts';
import { KeyRing } from '../../secrets/keyring.ts';
import { sealedDataKeys, sealedMails } from './doctor.store.ts';
import { type Finding, failure, look, ok, warning } from './finding.ts';

/** Beyond this the schedule has missed its turn. */
const overdueDays = rotateAfterDays + 7;

export async function examineSecrets(config: Config, database: Database): Promise<Finding[]> {
  const ring = new KeyRing(config.encryptionKeys);
  const sealed = await look(
    'encryption keys',
    'Put the key that sealed it back behind the others in ENCRYPTION_KEYS. See docs/configuration.md.',
    () => encryption(ring, database),
  );
  return [...sealed, await signing(database)];
}

/** Opens everything that is sealed, but for old mail beyond the newest thousand. */
async function encryption(ring: KeyRing, database: Database): Promise<Finding> {
  await loadFingerprintKey(database, ring);
  await loadSigningKeys(database, ring);
  const mails = await sealedMails(database, 1000);
  for (const mail of mails) openMail(ring, mail, mail.sealed);
  const sealed = [
    ...(await sealedDataKeys(database)),
    ...(await publishedKeys(database)).map((key) => key.sealed),
    ...mails.map((mail) => mail.sealed),
  ];
  const stale = sealed.filter((value) => !ring.isCurrent(value)).length;
  if (stale === 0) return ok('encryption keys', 'They open everything.');
  return warning(
    'encryption keys',
    `They open everything, but ${stale} of ${sealed.length} secrets are sealed by an older key.`,
    'Run: openmeet-id keys reencrypt',
  );
}

async function signing(database: Database): Promise<Finding> {
  const now = Date.now();
  const signers = (await publishedKeys(database)).filter((key) => key.signsFrom.getTime() <= now);
  for (const alg of ['RS256', 'ES256']) {
    const newest = signers.find((key) => key.alg === alg);
    if (!newest) {
      return failure('signing keys', `No ${alg} key signs.`, 'Start the service: it makes them.');
    }
    const days = Math.floor((now - newest.signsFrom.getTime()) / 86_400_000);
    if (days > overdueDays) {
      return warning(
        'signing keys',
        `The ${alg} key is ${days} days old; a worker should have replaced it.`,
        'See to it that a worker runs, or run: openmeet-id keys rotate',
      );
    }
  }
  return ok('signing keys', `${signers.length} published, none older than ${overdueDays} days.`);
}
