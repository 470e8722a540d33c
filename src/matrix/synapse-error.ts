/**
 * - `retry`: Synapse is away, busy or broken; the same call may succeed later.
 * - `configuration`: it does not accept our token or does not know the endpoint; an operator mends it.
 * - `refused`: the call itself is wrong or forbidden by the state of things; it will fail again.
 */
export type SynapseErrorKind = 'retry' | 'configuration' | 'refused';

export type SynapseErrorFields = {
  kind: SynapseErrorKind;
  status?: number;
  errcode?: string;
  retryAfterMs?: number;
  cause?: unknown;
};

/** Its message names the endpoint, never the address: that may hold a person's email. */
export class SynapseError extends Error {
  readonly kind: SynapseErrorKind;
  readonly status: number | undefined;
  readonly errcode: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { kind, status, errcode, retryAfterMs, cause }: SynapseErrorFields) {
    super(message, { cause });
    this.name = 'SynapseError';
    this.kind = kind;
    this.status = status;
    this.errcode = errcode;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What an answer that is no success means (Matrix client-server API, standard error response). */
export function answerError(endpoint: string, status: number, body: unknown): SynapseError {
  const { errcode, retry_after_ms: retryAfterMs } = (body ?? {}) as {
    errcode?: string;
    retry_after_ms?: number;
  };
  const kind = kindOf(status, errcode);
  const message = `Synapse answered ${[status, errcode].filter(Boolean).join(' ')} to ${endpoint}`;
  return new SynapseError(message, { kind, status, errcode, retryAfterMs });
}

function kindOf(status: number, errcode: string | undefined): SynapseErrorKind {
  if (status >= 500 || status === 429 || status === 408) return 'retry';
  if (status === 401 || status === 403) return 'configuration';
  if (status === 404 && errcode !== 'M_NOT_FOUND') return 'configuration';
  return status >= 400 ? 'refused' : 'configuration';
}
