export type TaskContext = {
  jobId: string;
  /** From 1. */
  attempt: number;
  /** Whether a failure now is final. */
  last: boolean;
};

/**
 * Work of one kind. It may run more than once, also twice at the same time when a worker was
 * believed dead, so it reads what is wanted and makes it true.
 */
export type Task = (payload: unknown, context: TaskContext) => Promise<void>;

/** Thrown by a task when trying again cannot help; the job stays visible to the operator. */
export class GiveUp extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GiveUp';
  }
}
