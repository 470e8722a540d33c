import type { z } from 'zod';
import type { Queryable } from '../database/database.ts';
import { addJob } from './add-job.store.ts';
import { catalogue, type Definition, type JobName } from './catalogue.ts';

type PayloadOf<Name extends JobName> = z.input<(typeof catalogue)[Name]['payload']>;

const definitionOf = (name: JobName): Definition => catalogue[name];

/** Queues a job of the catalogue in the caller's transaction: it exists if and only if that commits. */
export function enqueue<Name extends JobName>(
  tx: Queryable,
  name: Name,
  payload: PayloadOf<Name>,
  { runAt }: { runAt?: Date } = {},
): Promise<void> {
  const { key, queue, maxAttempts, priority } = definitionOf(name);
  const named = (fields: readonly string[]) =>
    [name, ...fields.flatMap((field) => (payload as Record<string, unknown>)[field] ?? [])].join(
      ':',
    );
  return addJob(tx, name, payload, {
    key: named(key),
    queue: queue && named(queue),
    runAt,
    maxAttempts,
    priority,
  });
}

/**
 * The call by which a statement queues such a job for each of its rows.
 *
 * @param fields the expression of each field of the payload
 * @param more other parameters of `graphile_worker.add_job`, as expressions; `keyed` is what else is in
 *   the job's key
 */
export function addJobCall<Name extends JobName>(
  name: Name,
  fields: Readonly<Record<keyof PayloadOf<Name> & string, string>>,
  {
    keyed = {},
    ...more
  }: {
    keyed?: Readonly<Record<string, string>>;
    run_at?: string;
    job_key_mode?: string;
    priority?: string;
  } = {},
): string {
  const { key, queue, maxAttempts = 100, priority = 0 } = definitionOf(name);
  const expressions: Readonly<Record<string, string>> = { ...fields, ...keyed };
  const named = (of: readonly string[]) =>
    jobKey(name, ...of.map((field) => `${expressions[field]}`));
  const payload = Object.entries<string>(fields).map(([field, value]) => `'${field}', ${value}`);
  const parameters = {
    job_key: named(key),
    ...(queue && { queue_name: named(queue) }),
    max_attempts: maxAttempts,
    priority,
    ...more,
  };
  const given = Object.entries(parameters).map(([parameter, value]) => `${parameter} => ${value}`);
  return `graphile_worker.add_job('${name}', json_build_object(${payload.join(', ')}), ${given.join(', ')})`;
}

/** The key of a waiting job, as an expression. */
export function jobKey(name: JobName, ...values: readonly string[]): string {
  return [`'${name}'`, ...values].join(" || ':' || ");
}
