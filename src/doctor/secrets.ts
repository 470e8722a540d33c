import { unsealedCount } from '../audit/seals.store.ts';
import { type SealProblem, verifyAudit } from '../audit/seals.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { openMail } from '../mail/sealed-mail.ts';
import { publishedKeys } from '../oidc/keys.store.ts';
import { loadSigningKeys, rotateAfterDays } from '../oidc/keys.ts';
import { loadFingerprints } from '../secrets/data-key.store.ts';
import { KeyRing } from '../secrets/keyring.ts';
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
  return [...sealed, await signing(database), ...(await audit(ring, database))];
}

/** Opens everything that is sealed, but for old mail beyond the newest thousand. */
async function encryption(ring: KeyRing, database: Database): Promise<Finding> {
  await loadFingerprints(database, ring);
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

/** Whether the rows of the audit are still what was sealed, and are sealed at all. */
function audit(ring: KeyRing, database: Database): Promise<Finding[]> {
  const mend =
    'Somebody changed the audit in the database. Compare it with a backup, or with the log, where each row is a line.';
  return look('audit', mend, async () => {
    const fingerprints = await loadFingerprints(database, ring);
    const { seals, rows, problems, last } = await verifyAudit(database, fingerprints);
    if (problems.length > 0) return failure('audit', problems.map(describe).join(' '), mend);
    const waiting = await unsealedCount(database);
    if (waiting > 0) {
      const found = `${waiting} rows of more than ten minutes ago are not sealed.`;
      return warning('audit', found, 'See to it that a worker runs: it seals them every minute.');
    }
    const end = last ? `; the last is ${last}, as the worker's log must say too` : '';
    return ok('audit', `${rows} rows are as they were sealed, by ${seals} seals${end}.`);
  });
}

function describe({ seal, what, row }: SealProblem): string {
  if (what === 'seal') return `Seal ${seal} does not follow from the one before it.`;
  if (row === undefined) return `Rows of seal ${seal} are not those that it was made over.`;
  return what === 'missing' ? `Row ${row} is gone.` : `Row ${row} was changed.`;
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
