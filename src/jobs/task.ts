import type { JobName, JobPayload } from './catalogue.ts';

export type TaskContext = {
  jobId: string;
  /** From 1. */
  attempt: number;
  /** Whether a failure now is final. */
  last: boolean;
};

/**
 * Work of one kind, on a payload that the worker has read by the catalogue's schema. It may run more than once, also twice at the same time when a worker was
 * believed dead, so it reads what is wanted and makes it true.
 */
export type Task<Name extends JobName> = (
  payload: JobPayload<Name>,
  context: TaskContext,
) => Promise<void>;

export type Tasks<Name extends JobName> = { readonly [Each in Name]: Task<Each> };

/** Of any name: also of one that is in no catalogue, which gets its payload as it is. */
export type AnyTask = (payload: never, context: TaskContext) => Promise<void>;

/** Thrown by a task when trying again cannot help; the job stays visible to the operator. */
export class GiveUp extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GiveUp';
  }
}
