import { migrations } from '../../migrations/index.ts';
import type { Database } from '../database/database.ts';
import { appliedMigrations, clockDifference } from './doctor.store.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

/** Tokens and codes are compared by both clocks; ours are allowed less than this apart. */
const tolerance = 2000;

export async function examineDatabase(database: Database): Promise<Finding[]> {
  return [await schema(database), await clock(database)];
}

async function schema(database: Database): Promise<Finding> {
  const applied = await appliedMigrations(database);
  const known: string[] = migrations.map((migration) => new migration().name);
  const missing = known.filter((name) => !applied.includes(name));
  const strange = applied.filter((name) => !known.includes(name));
  if (missing.length > 0) {
    return failure(
      'database',
      `The schema lacks ${missing.length} of ${known.length} migrations.`,
      'Start the service of this version: the first process to start migrates.',
    );
  }
  if (strange.length > 0) {
    return warning(
      'database',
      `The schema has migrations that this version does not know: ${strange.join(', ')}.`,
      'A newer version ran on it. Run that version, or restore a backup.',
    );
  }
  return ok('database', 'Reached, and its schema is up to date.');
}

async function clock(database: Database): Promise<Finding> {
  const ms = Math.round(await clockDifference(database));
  if (Math.abs(ms) < tolerance) return ok('clock', `Within ${tolerance} ms of the database's.`);
  return failure(
    'clock',
    `The database's clock is ${Math.abs(ms)} ms ${ms > 0 ? 'ahead of' : 'behind'} ours.`,
    'Let NTP set the clocks of both machines.',
  );
}
