export type AppErrorOptions = {
  /** HTTP status when the error reaches a boundary; 400 unless given. */
  status?: number;
  /** For people and logs; never holds a secret, a token or a code. */
  message?: string;
  /** Safe to show to the caller: counts, limits, names of fields. */
  details?: Record<string, unknown>;
  cause?: unknown;
};

/**
 * The one error that carries meaning across folders. `code` is stable: programs branch on it and
 * pages translate it; `cause` is only ever logged.
 */
export class AppError extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: Record<string, unknown>;

  constructor(code: string, options: AppErrorOptions = {}) {
    super(options.message ?? code, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.status = options.status ?? 400;
    this.details = options.details ?? {};
  }
}
