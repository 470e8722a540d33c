import { record } from '../../audit/events.ts';
import { AppError } from '../../errors.ts';
import { descriptionOf } from '../../federation/fault.ts';
import type { Needs } from '../needs.ts';
import type { Step } from './step.ts';

/** What a page may say of a sign-in elsewhere that came to nothing. */
const problems = new Set([
  'upstream_cancelled',
  'upstream_denied',
  'upstream_failed',
  'upstream_refused',
  'bluesky_handle_required',
  'bluesky_handle_unknown',
  'bluesky_server_unreachable',
  'bluesky_account_gone',
  'bluesky_account_deactivated',
]);

/** A slip of the pen: nobody was asked anything yet. */
const slips = new Set(['bluesky_handle_required', 'bluesky_handle_unknown']);

export function isProblem(error: unknown): error is AppError {
  return error instanceof AppError && isProblemCode(error.code);
}

export function isProblemCode(code: string): boolean {
  return problems.has(code);
}

export function problemUrl(base: string, connection: string, { code }: AppError): string {
  return `${base}?${new URLSearchParams({ problem: code, way: connection })}`;
}

/** What the address of the page says went wrong, if anything: words of ours, chosen by code. */
export async function problemOf(step: Step<'connectors'>) {
  const { problem, way } = step.ctx.query;
  if (typeof problem !== 'string' || typeof way !== 'string') return undefined;
  const connector = problems.has(problem) && (await step.parts.connectors.find(step.tenant, way));
  return connector ? { form: { code: problem, params: { provider: connector.name } } } : undefined;
}

/**
 * For the operator: why, in words and codes of ours and of the libraries, whether it failed on the way
 * there or on the way back. What the other place said about it goes to the log alone.
 */
export async function recordFailure(
  { database, log }: Needs<'database' | 'log'>,
  { connection, tenantId }: { connection: string; tenantId: string | null },
  error: AppError,
): Promise<void> {
  const { code, message, details } = error;
  if (slips.has(code)) return;
  const about = { connection, reason: code, ...details };
  const told = message === code ? undefined : { message };
  log.warn({ ...about, ...told, description: descriptionOf(error) }, 'a sign-in elsewhere failed');
  await record(database, {
    action: 'upstream.sign_in_failed',
    actor: 'nobody',
    outcome: 'failure',
    tenantId,
    detail: { ...about, ...told },
  });
}
